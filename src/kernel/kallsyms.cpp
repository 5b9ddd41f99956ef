#include "kernel/kallsyms.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/unique_fd.h"
#include "kernel/kernel_view.h"

namespace sonde::kernel {
namespace {

constexpr size_t kReadBytes = 256UL << 10;
// Behind the last symbol of the kernel, or of a module, begins nothing.
constexpr uint64_t kLongestFunction = 4ULL << 20;

}  // namespace

std::string KallsymsPath(const KernelView& kernel) {
  const std::string machine = kernel.Describe();
  return machine == "this kernel" ? "/proc/kallsyms" : machine + "/kallsyms";
}

uint32_t Kallsyms::Keep(std::string_view text) {
  const auto at = static_cast<uint32_t>(text_.size());
  text_.append(text);
  text_ += '\0';
  return at;
}

// "ffffffff81000000 T _text", "ffffffffc0201000 t fn\t[module]".
void Kallsyms::ParseLine(std::string_view line) {
  Entry entry;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), entry.address, 16);
  const auto at = static_cast<size_t>(end - line.data());
  if (error != std::errc() || entry.address == 0 || at + 3 >= line.size()) return;
  std::string_view name = line.substr(at + 3);
  if (const size_t tab = name.find('\t'); tab != std::string_view::npos) {
    std::string_view module = name.substr(tab + 1);
    name = name.substr(0, tab);
    if (module.starts_with('[') && module.ends_with(']')) module = module.substr(1, module.size() - 2);
    if (module != last_module_) {
      last_module_ = module;
      last_module_at_ = Keep(module);
    }
    entry.module = last_module_at_;
  }
  entry.name = Keep(name);
  entries_.push_back(entry);
}

Result<Kallsyms> Kallsyms::Read(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return SystemError("read", path);
  Kallsyms symbols;
  std::string buffer(kReadBytes, '\0');
  size_t held = 0;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data() + held, buffer.size() - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read", path);
    if (got == 0) break;
    held += static_cast<size_t>(got);
    std::string_view text(buffer.data(), held);
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      symbols.ParseLine(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    held = text.size();
    std::copy(text.begin(), text.end(), buffer.begin());
  }
  if (symbols.entries_.empty()) {
    return std::unexpected(Error{.operation = "read",
                                 .object = path,
                                 .reason = "it shows no addresses",
                                 .remedy = "kernel.kptr_restrict must be 0, or 1 for root"});
  }
  std::ranges::stable_sort(symbols.entries_, {}, &Entry::address);
  return symbols;
}

std::optional<Kallsyms::Symbol> Kallsyms::At(uint64_t address) const {
  auto after = std::ranges::upper_bound(entries_, address, {}, &Entry::address);
  if (after == entries_.begin()) return std::nullopt;
  const uint64_t start = std::prev(after)->address;
  if (address - start >= kLongestFunction) return std::nullopt;
  const auto first = std::ranges::lower_bound(entries_.begin(), after, start, {}, &Entry::address);
  return Symbol{.name = Text(first->name), .module = Text(first->module), .address = start};
}

std::optional<uint64_t> Kallsyms::AddressOf(std::string_view name) const {
  for (const Entry& entry : entries_) {
    if (Text(entry.name) == name) return entry.address;
  }
  return std::nullopt;
}

}  // namespace sonde::kernel
