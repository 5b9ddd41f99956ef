// What a script imports, and what that imports: `import "file.bt"`, a header, or a folder of both.
#pragma once

#include "cli/compile.h"

namespace sonde::cli {

// Reads and parses the imports of c.ast, each file once, into c.imports and c.imported_headers. False after a report.
bool LoadImports(Compilation& c);

}  // namespace sonde::cli
