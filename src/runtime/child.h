// The process of -c: forked early, held before its exec until everything is attached, gone when the tracer goes.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sonde::runtime {

// A descriptor that becomes readable when the process ends. Errors: no such process.
Result<UniqueFd> OpenProcess(pid_t pid);

class Child {
 public:
  // Forks and holds. Errors: the command does not parse, is not found, or the fork failed. Call before signal handlers
  // are installed: the child keeps the ones that there are. Its standard input and outputs are ours.
  static Result<std::unique_ptr<Child>> Hold(const std::string& command);

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Ends it, if it has not ended; by force when it takes longer than a moment.
  ~Child();

  // Lets it exec and waits until it has.
  Result<void> Release();
  // Asks it to end.
  void Terminate();

  pid_t pid() const { return pid_; }
  // Readable once it has ended.
  int fd() const { return process_.get(); }

 private:
  Child(pid_t pid, std::string program, UniqueFd process, UniqueFd hold, UniqueFd report)
      : pid_(pid),
        program_(std::move(program)),
        process_(std::move(process)),
        hold_(std::move(hold)),
        report_(std::move(report)) {}

  pid_t pid_;
  std::string program_;
  UniqueFd process_;
  UniqueFd hold_;    // a byte lets it go on, a close ends it
  UniqueFd report_;  // errno of an exec that failed, else just closed
};

}  // namespace sonde::runtime
