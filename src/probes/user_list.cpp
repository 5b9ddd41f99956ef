#include "probes/user_list.h"

#include <fmt/format.h>

#include <map>
#include <string>

namespace sonde::probes {
namespace {

// A name that the list shows may have quotes: "uprobe:/bin/x:cpp:\"ns::f(int)\"".
parser::ProbeSpec SpecOf(std::string_view pattern) {
  parser::ProbeSpec spec;
  spec.text = pattern;
  bool is_quoted = false;
  spec.parts.emplace_back();
  for (const char c : pattern) {
    if (c == '"') {
      is_quoted = !is_quoted;
      spec.parts.back().quoted = true;
    } else if (c == ':' && !is_quoted) {
      spec.parts.emplace_back();
    } else {
      spec.parts.back().text += c;
    }
  }
  if (spec.parts.size() == 2) spec.parts.push_back({.text = "*"});
  return spec;
}

std::vector<std::string> FieldsOf(const sema::ProbePoint& point) {
  std::vector<std::string> fields;
  if (point.args == nullptr) return fields;
  for (const sema::ArgsFieldInfo& field : point.args->fields) {
    fields.push_back(fmt::format("{}{}{}", field.c_type, field.c_type.ends_with('*') ? "" : " ", field.name));
  }
  return fields;
}

}  // namespace

Result<std::vector<sema::ListedProbe>> ListByExpansion(const sema::ProgramQuestion& question, ExpandFunction expand) {
  const parser::ProbeSpec spec = SpecOf(question.pattern);
  const bool names_program = spec.parts.size() > 2 && (question.pid != 0 || spec.parts[1].text != "*");
  if (!names_program) {
    return std::unexpected(Error{.operation = "list",
                                 .object = std::string(question.pattern),
                                 .reason = "it names no program",
                                 .remedy = fmt::format("sonde -l '{0}:/bin/bash:*', or -p PID", spec.parts[0].text)});
  }
  Diagnostics diagnostics;
  sema::TypeTable types;
  sema::ExpandContext context{.kernel = question.kernel,
                              .types = types,
                              .diagnostics = diagnostics,
                              .wants_args = question.with_fields,
                              .wants_retval = question.with_fields,
                              .is_listing = true,
                              .pid = question.pid,
                              .has_process = question.pid != 0};
  std::map<std::string, std::vector<std::string>> found;
  for (const sema::ProbePoint& point : expand(context, spec)) found.try_emplace(point.name, FieldsOf(point));
  if (found.empty() && diagnostics.HasErrors()) {
    const Diagnostic& first = diagnostics.all().front();
    return std::unexpected(Error{.operation = "list",
                                 .object = std::string(question.pattern),
                                 .reason = first.message,
                                 .remedy = first.hint});
  }
  std::vector<sema::ListedProbe> listed;
  for (auto& [name, fields] : found) listed.push_back({name, std::move(fields)});
  return listed;
}

}  // namespace sonde::probes
