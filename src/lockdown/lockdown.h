// SPDX-License-Identifier: Apache-2.0
// Gives up, for the whole process and for good, the means to send anything anywhere: a seccomp
// filter refuses sockets and io_uring and what could reach into other processes; Landlock limits
// writes to named folders. Called before a prompt is read. The calls that are refused, and why, are
// listed in seccomp_filter.cc.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth {

// What a locked process has to do with others.
enum class Connections {
  kNone,      // nothing: every descriptor above 2 is closed but those that are kept
  kAccepted,  // those who connect to a listener that was opened before are let in, and one buffer a
              // call goes to and fro; descriptors stay open (see close_inherited_descriptors())
};

struct LockdownOptions {
  // Folders (existing) below which files may still be written, made, renamed and removed.
  std::vector<std::filesystem::path> writable;
  Connections connections = Connections::kNone;
  // Folders (existing) below which files may be removed: where a Unix socket lies.
  std::vector<std::filesystem::path> removable = {};
  // Descriptors of the process's own that stay open.
  std::vector<int> keep = {};
};

struct LockdownReport {
  bool seccomp;         // always true on success: seccomp is the guarantee
  int landlock_abi;     // 0 where the kernel has none; writes are then not confined
  std::string summary;  // one line for people
};

// Closes descriptors above 2 (but where connections are accepted), turns core dumps off, then
// installs both filters on all threads. To be called early: before files are opened that are to
// stay open, and before threads are started (Landlock reaches only the calling thread and those
// that it starts later).
//
// Threading: for a process with one thread. It cannot be undone; children inherit it.
// Errors: kUsage (a writable folder is not one; other threads are running), kUnavailable (the
// kernel refused: names the call and the remedy). After an error the process may be partly locked
// down: it has lost rights, never gained any, and must not read a prompt.
Result<LockdownReport> lockdown(const LockdownOptions& options);

// Closes every descriptor above 2 but those in `keep`. A server calls it first thing, when nothing
// of its own is open yet: a socket that it was handed down by mistake would be a way out. Errors:
// kUnavailable.
Result<void> close_inherited_descriptors(std::vector<int> keep);

// Turns core dumps off, and keeps other processes of the same user from reading this one's memory.
// Errors: kUnavailable.
Result<void> disable_core_dumps();

// The version of Landlock that the running kernel offers; 0 where there is none.
int landlock_abi();

// Whether the running kernel takes seccomp filters.
bool seccomp_available();

}  // namespace hearth
