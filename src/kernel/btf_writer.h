// Makes a BTF section: what other debug information says of types, in the form that the rest of the program reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/btf.h"

namespace sonde::kernel {

class BtfWriter {
 public:
  // A record of include/uapi/linux/btf.h: struct btf_type, and the words that follow it.
  struct Record {
    BtfKind kind = BtfKind::kVoid;
    uint32_t name = 0;  // of String()
    uint32_t size_or_type = 0;
    uint32_t count = 0;
    bool flag = false;
    std::vector<uint32_t> words;
  };

  // Ids are given in order from 1. What is reserved is filled in later, so that types may refer to themselves.
  BtfId Reserve();
  void Set(BtfId id, Record record) { records_[id - 1] = std::move(record); }
  BtfId Add(Record record);
  uint32_t String(std::string_view text);
  uint32_t count() const { return static_cast<uint32_t>(records_.size()); }
  std::vector<std::byte> Bytes() const;

 private:
  std::vector<Record> records_;
  std::string strings_ = std::string(1, '\0');
  std::map<std::string, uint32_t, std::less<>> string_at_;
};

}  // namespace sonde::kernel
