// Makes the maps of an Image and loads its programs, each when it is first asked for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "image/image.h"
#include "kernel/btf.h"
#include "kernel/kernel_view.h"
#include "runtime/bpf_call.h"
#include "runtime/program_object.h"

namespace sonde::runtime {

class Loader {
 public:
  // Both must outlive the loader.
  Loader(const image::Image& image, kernel::KernelView& kernel);

  // The processes that programs leave out, by slot; before the first is loaded.
  void SetReaders(std::vector<uint32_t> readers) { readers_ = std::move(readers); }
  // Errors name the map.
  Result<void> CreateMaps();
  // The descriptor of a program, loaded at the first call. Errors name what the program covers; the verifier's log is
  // in Error::detail.
  Result<int> Load(uint32_t program);
  void Unload(uint32_t program) { programs_.at(program).Reset(); }

  // Bytes of a ring buffer's data: the image's wish, rounded up to what the kernel takes.
  uint32_t RingSize(uint32_t map) const;
  int MapFd(uint32_t map) const { return maps_.at(map).get(); }
  // -1 when the program is not loaded.
  int ProgramFd(uint32_t program) const { return programs_.at(program).get(); }

 private:
  Result<UniqueFd> CreateMap(const image::MapSpec& spec);
  Result<void> FillConstants(const image::MapSpec& spec, int map);
  Result<ProgramCode> ReadCode(const image::ProgramSpec& spec);
  Result<void> SetType(const image::ProgramSpec& spec, ProgramDefinition* definition);
  // For what is attached to something of BTF: "name", or "module:name".
  Result<void> SetTracing(const image::ProgramSpec& spec, bpf_attach_type attach, kernel::BtfKind kind,
                          const std::string& name, ProgramDefinition* definition);
  Result<void> SetBpfTarget(const image::ProgramSpec& spec, const std::string& name, ProgramDefinition* definition);
  // The kernel's handle of a module's BTF.
  Result<int> ModuleObject(const std::string& module);
  void ExplainFunction(std::string_view attach_to, Error* error);
  Result<UniqueFd> LoadCode(const image::ProgramSpec& spec, const ProgramCode& code);

  const image::Image& image_;
  kernel::KernelView& kernel_;
  std::vector<uint32_t> readers_;
  std::optional<ProgramObject> object_;
  std::vector<UniqueFd> maps_;
  std::vector<UniqueFd> programs_;
  std::map<std::string, UniqueFd> module_objects_;
};

}  // namespace sonde::runtime
