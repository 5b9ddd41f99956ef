// What every kind of program is made with: a function, its row in the image, its attachment, the functions of its
// bodies. For the files that make programs; others go by programs.h.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/body_context.h"
#include "codegen/programs.h"

namespace sonde::codegen {

using sema::ProbeInstance;

// Whether the script sends something from a probe on what tasks do, so that whoever reads it may cause more of it.
bool PrintsActs(const sema::Program& program);

struct Case {
  const ProbeInstance* probe = nullptr;
  uint32_t id = 0;
};

// How many frames of a kernel stack lie between a body and what it is attached to: ProgramContext::entry_frames.
uint32_t EntryFrames(image::ProgramType type, bool is_attached);

// What the loader gives an address: a map, or its value.
llvm::GlobalVariable* ExternalSymbol(llvm::Module& module, const std::string& name);

class ProgramBuilder {
 public:
  ProgramBuilder(ModuleContext& module, const ProgramOptions& options) : module_(module), options_(options) {}

 protected:
  const sema::Body& Body(const ProbeInstance& probe) const { return module_.program.bodies[probe.body]; }
  image::Image& Image() { return module_.layout.image(); }
  llvm::Function* NewFunction(const std::string& name, const std::string& section, bool is_entry);
  uint32_t AddProgram(image::ProgramType type, std::string attach_to, std::string covers, uint32_t probes);
  void Attach(uint32_t program, image::AttachPlan plan, const ProbeInstance& probe, uint32_t probes);
  // Body functions of one program, each lowered once.
  llvm::Function* BodyFunction(ProgramContext& program, uint32_t body, bool inlined,
                               std::map<uint32_t, llvm::Function*>& made);
  void LeaveWhenExiting(llvm::IRBuilder<>& ir, llvm::Function* entry, llvm::BasicBlock* out);

  // Programs that share their code, attached to the probes of these cases, to be reported as so many: the number of the
  // first, whose section is to be filled.
  //
  // One program, wherever it is attached: by one link, or, where the kernel has none such, each by its own. The link's
  // cookie tells which probe it is.
  uint32_t AddUprobePrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes);
  uint32_t AddKprobePrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes);
  // One for each, since it is loaded for its function.
  uint32_t AddFunctionPrograms(const std::vector<Case>& cases, bool is_return, uint32_t probes_each);
  // A program whose code is that of program `first`.
  void AddSharing(uint32_t first, image::ProgramType type, const Case& one, uint32_t probes);

  // The number of the probe: what the loader fills in for each program of a section, or what the link says.
  llvm::Value* ProbeIdOfProgram();
  static llvm::Value* AttachCookie(llvm::IRBuilder<>& ir, llvm::Value* ctx);

  ModuleContext& module_;
  const ProgramOptions& options_;
};

// System calls in one direction: each direction is one program, in which the number picks the bodies.
void AddSyscallPrograms(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& enters,
                        const std::vector<Case>& exits);
// System calls from their beginning to their end.
void AddSyscallPairs(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& pairs);

// Functions from their beginning to their return: probes of one mechanism that run one body.
void AddFunctionCalls(ModuleContext& module, const ProgramOptions& options, const std::vector<Case>& cases);

}  // namespace sonde::codegen
