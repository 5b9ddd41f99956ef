#include "base/consulted.h"

#include <sys/stat.h>

#include <utility>

namespace sonde {
namespace {

thread_local Consulted* recorded = nullptr;

int64_t Nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

FileStamp StampOf(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {};
  FileStamp stamp{
      .device = status.st_dev, .inode = status.st_ino, .mode = status.st_mode, .owner = status.st_uid};
  if (S_ISDIR(status.st_mode)) return stamp;
  stamp.bytes = static_cast<uint64_t>(status.st_size);
  stamp.modified = Nanoseconds(status.st_mtim);
  stamp.changed = Nanoseconds(status.st_ctim);
  return stamp;
}

void NoteConsulted(const std::string& path) {
  if (recorded != nullptr && !recorded->files.contains(path)) recorded->files.emplace(path, StampOf(path));
}

void NoteMomentary() {
  if (recorded != nullptr) recorded->is_momentary = true;
}

ConsultedRecorder::ConsultedRecorder(Consulted& into) : outer_(std::exchange(recorded, &into)) {}
ConsultedRecorder::~ConsultedRecorder() { recorded = outer_; }

}  // namespace sonde
