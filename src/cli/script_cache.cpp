#include "cli/script_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "kernel/machine_stamp.h"

namespace sonde::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "sonde compiled script 1\n";
// More than anybody runs by turns; the files are some 10 KB each.
constexpr size_t kMaxEntries = 256;

std::string Folder() {
  if (const char* named = std::getenv("SONDE_CACHE_DIR")) return named;
  // A user who became root for this command keeps the environment, but not the folders.
  if (geteuid() == 0) return "/var/cache/sonde";
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return std::string(cache) + "/sonde";
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache/sonde" : "";
}

// Of the environment, what a compilation may depend on.
std::string Environment() {
  std::vector<std::string_view> settings;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("SONDE_CACHE_DIR=")) continue;
    if (text.starts_with("SONDE_") || text.starts_with("BPFTRACE_") || text.starts_with("PATH=")) {
      settings.push_back(text);
    }
  }
  std::ranges::sort(settings);
  return fmt::format("{}\n", fmt::join(settings, "\n"));
}

std::string ThisProgram() {
  const FileStamp stamp = StampOf("/proc/self/exe");
  return fmt::format("{} {} {} {} {}\n", SONDE_VERSION, stamp.device, stamp.inode, stamp.bytes, stamp.modified);
}

// A word of its own line, whatever is in it.
void AddWord(std::string& key, std::string_view word) { key += fmt::format("{} {}\n", word.size(), word); }

// FNV-1a. Only a file's name: the key itself is compared.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool IsOurs(const struct stat& status) {
  return status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool IsOurFolder(const std::string& folder) {
  struct stat status{};
  return lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && IsOurs(status);
}

// --- the file: kMagic, then blocks, each a uint64 of its bytes and the bytes: key, consulted files, complaints, image

void AddBlock(std::string& file, std::string_view bytes) {
  const uint64_t size = bytes.size();
  file.append(reinterpret_cast<const char*>(&size), sizeof size);
  file += bytes;
}

std::optional<std::string_view> TakeBlock(std::string_view& rest) {
  uint64_t size = 0;
  if (rest.size() < sizeof size) return std::nullopt;
  std::memcpy(&size, rest.data(), sizeof size);
  rest.remove_prefix(sizeof size);
  if (size > rest.size()) return std::nullopt;
  const std::string_view block = rest.substr(0, size);
  rest.remove_prefix(size);
  return block;
}

std::string TextOf(const std::map<std::string, FileStamp>& files) {
  std::string text;
  for (const auto& [path, stamp] : files) {
    AddBlock(text, path);
    AddBlock(text, {reinterpret_cast<const char*>(&stamp), sizeof stamp});
  }
  return text;
}

bool AreUnchanged(std::string_view files) {
  while (!files.empty()) {
    const auto path = TakeBlock(files);
    const auto stamp = TakeBlock(files);
    if (!path || !stamp || stamp->size() != sizeof(FileStamp)) return false;
    FileStamp then;
    std::memcpy(&then, stamp->data(), sizeof then);
    if (StampOf(std::string(*path)) != then) return false;
  }
  return true;
}

std::string ReadOwnFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!file.valid() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || !IsOurs(status)) return "";
  std::string text(static_cast<size_t>(status.st_size), '\0');
  if (read(file.get(), text.data(), text.size()) != status.st_size) return "";
  futimens(file.get(), nullptr);  // used lately: the oldest go first
  return text;
}

// Whole or not at all, whoever reads meanwhile.
void WriteFile(const std::string& path, std::string_view text) {
  const std::string draft = fmt::format("{}.{}", path, getpid());
  const UniqueFd file(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return;
  const bool is_whole = write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!is_whole || std::rename(draft.c_str(), path.c_str()) != 0) unlink(draft.c_str());
}

void RemoveOldest(const std::string& folder) {
  std::error_code problem;
  std::vector<std::pair<fs::file_time_type, fs::path>> files;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code gone;
    files.emplace_back(at->last_write_time(gone), at->path());
  }
  if (files.size() <= kMaxEntries) return;
  std::ranges::sort(files);
  for (const auto& [time, path] : std::span(files).first(files.size() - kMaxEntries)) fs::remove(path, problem);
}

}  // namespace

ScriptCache::ScriptCache(const Options& options, std::string_view name, std::string_view text) {
  if (!options.use_cache || options.fixture_host) return;
  folder_ = Folder();
  if (folder_.empty()) return;
  key_ = fmt::format("format {}\nprogram {}{}", image::kVersion, ThisProgram(), kernel::MachineStamp());
  AddWord(key_, Environment());
  AddWord(key_, options.compiled_by);
  AddWord(key_, options.child ? "child" : "");
  for (const std::vector<std::string>* words : {&options.parameters, &options.script_words}) {
    key_ += fmt::format("{} words\n", words->size());
    for (const std::string& word : *words) AddWord(key_, word);
  }
  AddWord(key_, name);
  AddWord(key_, text);
  path_ = fmt::format("{}/{:016x}", folder_, Hash(key_));
}

std::optional<ScriptCache::Entry> ScriptCache::Find() const {
  if (path_.empty() || !IsOurFolder(folder_)) return std::nullopt;
  const std::string file = ReadOwnFile(path_);
  std::string_view rest = file;
  if (!rest.starts_with(kMagic)) return std::nullopt;
  rest.remove_prefix(kMagic.size());
  const auto key = TakeBlock(rest);
  const auto files = TakeBlock(rest);
  const auto complaints = TakeBlock(rest);
  const auto image = TakeBlock(rest);
  if (!image || !rest.empty() || *key != key_ || !AreUnchanged(*files)) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(*image));
  Result<image::Image> read = image::Read({bytes.begin(), bytes.end()});
  if (!read) return std::nullopt;
  return Entry{*std::move(read), std::string(*complaints)};
}

void ScriptCache::Keep(const image::Image& image, std::string_view complaints, const Consulted& consulted) const {
  if (path_.empty() || consulted.is_momentary) return;
  std::error_code problem;
  if (!fs::exists(folder_, problem)) {
    fs::create_directories(fs::path(folder_).parent_path(), problem);
    mkdir(folder_.c_str(), 0700);
  }
  if (!IsOurFolder(folder_)) return;
  const std::vector<std::byte> bytes = image::Write(image);
  std::string file(kMagic);
  AddBlock(file, key_);
  AddBlock(file, TextOf(consulted.files));
  AddBlock(file, complaints);
  AddBlock(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  WriteFile(path_, file);
  RemoveOldest(folder_);
}

}  // namespace sonde::cli
