#include "doctor/doctor.h"

namespace sonde::doctor {

std::vector<Group> Examine(kernel::KernelView& kernel) {
  const Patient patient{kernel};
  std::vector<Group> groups;
  for (auto* examine : {ExamineKernel, ExamineSettings, ExamineCapabilities, ExamineFiles, ExamineProbeTypes,
                        ExamineMapTypes, ExamineProgramTypes, ExamineHelpers}) {
    groups.push_back(examine(patient));
  }
  return groups;
}

Finding Yes(std::string remark) { return {Answer::kYes, std::move(remark), ""}; }
Finding No(std::string reason, std::string remedy) { return {Answer::kNo, std::move(reason), std::move(remedy)}; }
Finding Unknown(std::string reason, std::string remedy) {
  return {Answer::kUnknown, std::move(reason), std::move(remedy)};
}
Finding Fact(std::string value) { return {Answer::kFact, std::move(value), ""}; }

}  // namespace sonde::doctor
