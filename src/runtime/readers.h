// Who reads what we write: found by looking at what other processes have open, once, when the run begins.
//
// Known are: those who have a pipe open for reading (`| tee`, a pager); who holds the other side of a terminal (a terminal
// emulator, sshd, tmux); who has the other end of a local socket (the journal). And those who read, in turn, what these
// write to their standard output. Not known: a reader that comes later, what a reader starts, the far end of a
// network connection, and processes that we may not look at.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace sonde::runtime {

struct Reader {
  pid_t pid = 0;
  std::string name;
};

// Those of a descriptor, at most `limit`; without this process.
std::vector<Reader> FindReaders(int descriptor, size_t limit);

}  // namespace sonde::runtime
