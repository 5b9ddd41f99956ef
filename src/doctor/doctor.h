// src/doctor: what this machine lets a tracer do, why not where it does not, and what would change that.
//
// Enters: the kernel, by trying each thing once. Leaves: findings, as text or JSON. Nothing stays loaded or attached.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/kernel_view.h"

namespace sonde::doctor {

enum class Answer : uint8_t {
  kYes,
  kNo,
  kUnknown,  // `reason` says what stands in the way of finding out
  kFact,     // `reason` is what there is: neither good nor bad
};

struct Finding {
  Answer answer = Answer::kUnknown;
  std::string reason;  // of a no, or a remark; may be empty
  std::string remedy;  // what would make it a yes; may be empty
};

struct Row {
  std::string name;
  Finding finding;
};

struct Group {
  std::string name;  // "Map types"
  std::vector<Row> rows;
};

// What every examination may look at.
struct Patient {
  kernel::KernelView& kernel;
};

// In the order in which they are printed.
std::vector<Group> Examine(kernel::KernelView& kernel);

// One function for each group, in files of their own.
Group ExamineKernel(const Patient& patient);
Group ExamineSettings(const Patient& patient);
Group ExamineCapabilities(const Patient& patient);
Group ExamineFiles(const Patient& patient);
Group ExamineMapTypes(const Patient& patient);
Group ExamineProgramTypes(const Patient& patient);
Group ExamineHelpers(const Patient& patient);
Group ExamineProbeTypes(const Patient& patient);

Finding Yes(std::string remark = "");
Finding No(std::string reason, std::string remedy = "");
Finding Unknown(std::string reason, std::string remedy = "");
Finding Fact(std::string value);

std::string AsText(const std::vector<Group>& groups);
// {"Map types": {"hash": {"available": true}, …}, …}; facts are strings.
std::string AsJson(const std::vector<Group>& groups);

}  // namespace sonde::doctor
