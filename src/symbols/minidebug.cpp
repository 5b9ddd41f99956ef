#include "symbols/minidebug.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "symbols/debug_file.h"

namespace sonde::symbols {
namespace {

// lzma_stream_buffer_decode() of liblzma (lzma/container.h), opened when a file wants it.
using Decode = int (*)(uint64_t* memory_limit, uint32_t flags, const void* allocator, const uint8_t* in, size_t* in_pos,
                       size_t in_size, uint8_t* out, size_t* out_pos, size_t out_size);
constexpr int kOk = 0;
constexpr int kNoRoom = 10;  // LZMA_BUF_ERROR

// What a symbol table of the largest programs takes, and more.
constexpr size_t kMaxBytes = size_t{256} << 20;
constexpr uint64_t kMaxMemory = uint64_t{128} << 20;

Decode FindDecode() {
  static const auto decode = [] {
    void* library = dlopen("liblzma.so.5", RTLD_NOW | RTLD_LOCAL);
    return library == nullptr ? nullptr : reinterpret_cast<Decode>(dlsym(library, "lzma_stream_buffer_decode"));
  }();
  return decode;
}

// Empty when it is damaged. Packed data does not say how long it was.
std::vector<uint8_t> Unpack(Decode decode, std::string_view packed) {
  std::vector<uint8_t> out;
  for (size_t room = packed.size() * 4; room <= kMaxBytes; room *= 4) {
    out.resize(room);
    uint64_t memory = kMaxMemory;
    size_t in_at = 0;
    size_t out_at = 0;
    const int answer = decode(&memory, 0, nullptr, reinterpret_cast<const uint8_t*>(packed.data()), &in_at, packed.size(),
                              out.data(), &out_at, out.size());
    if (answer == kOk) {
      out.resize(out_at);
      return out;
    }
    if (answer != kNoRoom) break;
  }
  return {};
}

}  // namespace

UniqueFd OpenMiniDebugInfo(Elf* elf) {
  const std::string_view packed = SectionBytes(elf, ".gnu_debugdata");
  if (packed.empty()) return {};
  const Decode decode = FindDecode();
  if (decode == nullptr) return {};
  const std::vector<uint8_t> bytes = Unpack(decode, packed);
  if (bytes.empty()) return {};
  UniqueFd file(memfd_create("minidebuginfo", MFD_CLOEXEC));
  size_t written = 0;
  while (file.valid() && written < bytes.size()) {
    const ssize_t count = write(file.get(), bytes.data() + written, bytes.size() - written);
    if (count <= 0) return {};
    written += static_cast<size_t>(count);
  }
  return file;
}

}  // namespace sonde::symbols
