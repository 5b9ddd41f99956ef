// Groups of processes: cgroupid(path), cgroup_path(id[, hierarchy]).
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/consulted.h"
#include "builtins/common.h"

namespace sonde::builtins {
namespace {

// The id is what a file handle of the cgroup's folder holds; 0 when it is no such folder.
uint64_t IdOf(const std::string& path) {
  NoteMomentary();
  constexpr int kKernfsHandle = 0xfe;  // FILEID_KERNFS
  uint64_t id = 0;
  alignas(file_handle) std::array<char, sizeof(file_handle) + sizeof id> memory{};
  auto* handle = reinterpret_cast<file_handle*>(memory.data());
  handle->handle_bytes = sizeof id;
  int mount = 0;
  if (name_to_handle_at(AT_FDCWD, path.c_str(), handle, &mount, 0) != 0) return 0;
  if (handle->handle_type != kKernfsHandle || handle->handle_bytes != sizeof id) {
    errno = ENOTDIR;
    return 0;
  }
  std::memcpy(&id, handle->f_handle, sizeof id);
  return id;
}

const Type* CheckId(Checker& checker, const parser::Call& syntax, Call& call) {
  std::optional<std::string> path = checker.CheckStringLiteral(*syntax.args[0], "the path");
  if (!path) return checker.types().Error();
  uint64_t id = IdOf(*path);
  if (id == 0) {
    // Handles of other file systems are longer.
    std::string reason = errno == ENOTDIR || errno == EOVERFLOW ? "it is no cgroup" : std::strerror(errno);
    return checker.Fail(sema::kWrongArgument, syntax.args[0]->span,
                        fmt::format("cannot read the cgroup id of '{}': {}", *path, reason));
  }
  call.data.constant = id;
  return checker.types().Uint64();
}

const Type* CheckPath(Checker& checker, const parser::Call& syntax, Call& call) {
  sema::ExprPtr id = checker.CheckInteger(*syntax.args[0], "the cgroup id");
  std::string filter;
  if (syntax.args.size() > 1) {
    std::optional<std::string> given = checker.CheckStringLiteral(*syntax.args[1], "the hierarchy");
    if (!given) return checker.types().Error();
    filter = *given;
  }
  if (id->type->IsVague()) return id->type;
  call.args.push_back(std::move(id));
  return checker.types().Rendered(image::ValueKind::kCgroupPath, 8, filter);
}

}  // namespace

const Builtin kCgroupid{.name = "cgroupid",
                        .signature = "uint64 cgroupid(const string path)",
                        .summary = "The id of the cgroup at this path, known when the script is compiled.",
                        .example =
                            "tracepoint:syscalls:sys_enter_openat /cgroup == cgroupid(\"/sys/fs/cgroup\")/ "
                            "{ @[comm] = count(); }",
                        .min_args = 1,
                        .max_args = 1,
                        .check = CheckId};

const Builtin kCgroupPath{
    .name = "cgroup_path",
    .signature = "cgroup_path_t cgroup_path(uint64 cgroupid[, const string hierarchy])",
    .summary =
        "The paths of a cgroup, looked up when they are printed; in the hierarchies that a wildcard fits, of "
        "which version 2 is called \"unified\".",
    .example = "tracepoint:syscalls:sys_enter_openat { @[cgroup_path(cgroup)] = count(); }",
    .min_args = 1,
    .max_args = 2,
    .check = CheckPath,
    .lower = [](BodyContext& body, const sema::Expr&, const Call& call) { return body.Lower(*call.args[0]); }};

}  // namespace sonde::builtins
