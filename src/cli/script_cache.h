// Compiled scripts, kept for the next run: by the text, the parameters, the options and settings that it was compiled by, the
// machine (kernel/machine_stamp.h) and this program; used while all files that were consulted are as they were.
//
// One file each in $SONDE_CACHE_DIR (empty: nowhere), else in /var/cache/sonde for root, else in sonde of $XDG_CACHE_HOME or ~/.cache. Nothing is taken from a folder
// or a file that somebody else owns or may write to. What goes wrong here is no error: the script is compiled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/consulted.h"
#include "cli/options.h"
#include "image/image.h"

namespace sonde::cli {

class ScriptCache {
 public:
  struct Entry {
    image::Image image;
    std::string complaints;  // the warnings of the compilation, as they were printed
  };

  // Of one script, `name` as in diagnostics. Nothing is found or kept where `options` say so.
  ScriptCache(const Options& options, std::string_view name, std::string_view text);

  std::optional<Entry> Find() const;
  void Keep(const image::Image& image, std::string_view complaints, const Consulted& consulted) const;
  // The file of the entry; empty when there is no cache.
  const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
  std::string key_;  // everything but the consulted files, as text
};

}  // namespace sonde::cli
