// Builtins of the language that are still to be built; each leaves this list for a descriptor of its own.
#include <array>

#include "builtins/common.h"

namespace sonde::builtins {
namespace {

constexpr auto kNames = std::to_array<std::string_view>({
    "assert",       "bswap",        "buf",          "cat",         "cgroup",      "cgroup_path", "cgroupid",
    "config",       "container_of", "cpid",         "ctx",         "curtask",     "errorf",      "fail",
    "fdpath",       "find",         "flags",        "func",        "getopt",      "has_cpid",    "is_array",
    "is_err",       "is_integer",   "is_literal",   "is_ptr",      "is_str",      "is_unsigned_integer",
    "jiffies",      "kaddr",        "kfunc_allowed", "kfunc_exist", "kptr",       "kstack",      "ksym",
    "leader_comm",  "leader_tid",   "len",          "macaddr",     "memcmp",      "ntop",        "numaid",
    "override",     "path",         "pcomm",        "percpu_kaddr", "ppid",       "probetype",   "pton",
    "reg",          "retval",       "sarg0",        "sarg1",       "sarg2",       "sarg3",       "sarg4",
    "sarg5",        "sarg6",        "sarg7",        "sarg8",       "sarg9",       "signal",      "signal_name",
    "signal_thread", "skboutput",   "socket_cookie", "static_assert", "str_concat", "strcap",    "strcontains",
    "strerror",     "strlen",       "strncmp",      "strstr",      "syscall_name", "system",     "tseries",
    "uaddr",        "uptr",         "usermode",     "username",    "ustack",      "usym",        "warnf",
    "write_user",
});

const Type* Refuse(Checker& checker, const parser::Call& syntax, Call&) {
  return checker.Fail(sema::kNotSupported, syntax.name_span, fmt::format("{} is not supported yet", syntax.name));
}

}  // namespace

std::span<const Builtin> NotBuiltYet() {
  static const std::vector<Builtin> builtins = [] {
    std::vector<Builtin> all;
    for (std::string_view name : kNames) {
      all.push_back({.name = name, .form = BuiltinForm::kVariable, .max_args = sema::kAnyNumber, .check = Refuse});
    }
    return all;
  }();
  return builtins;
}

}  // namespace sonde::builtins
