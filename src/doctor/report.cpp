#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "doctor/doctor.h"

namespace sonde::doctor {
namespace {

std::string_view Word(Answer answer) {
  switch (answer) {
    case Answer::kYes:
      return "yes";
    case Answer::kNo:
      return "no";
    case Answer::kUnknown:
      return "unknown";
    case Answer::kFact:
      return "";
  }
  return "";
}

std::string TextOf(const Finding& finding) {
  if (finding.answer == Answer::kFact) return finding.reason;
  std::string text(Word(finding.answer));
  if (!finding.reason.empty()) text += ": " + finding.reason;
  if (!finding.remedy.empty()) text += "\n      remedy: " + finding.remedy;
  return text;
}

nlohmann::ordered_json JsonOf(const Finding& finding) {
  if (finding.answer == Answer::kFact) return finding.reason;
  nlohmann::ordered_json json;
  if (finding.answer == Answer::kUnknown) {
    json["available"] = nullptr;
  } else {
    json["available"] = finding.answer == Answer::kYes;
  }
  if (!finding.reason.empty()) json["reason"] = finding.reason;
  if (!finding.remedy.empty()) json["remedy"] = finding.remedy;
  return json;
}

}  // namespace

std::string AsText(const std::vector<Group>& groups) {
  std::string text;
  for (const Group& group : groups) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", group.name);
    for (const Row& row : group.rows) text += fmt::format("  {}: {}\n", row.name, TextOf(row.finding));
  }
  return text;
}

std::string AsJson(const std::vector<Group>& groups) {
  nlohmann::ordered_json json;
  for (const Group& group : groups) {
    for (const Row& row : group.rows) json[group.name][row.name] = JsonOf(row.finding);
  }
  // What is no UTF-8 in a file's text is replaced.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sonde::doctor
