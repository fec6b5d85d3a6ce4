// SPDX-License-Identifier: Apache-2.0
// The proof holds where the process is locked in, and fails where it is not, or not quite. Programs
// with a leak built in are proved by tests/offline_proof_test.py.
#include "proof/proof.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "lockdown/lockdown.h"

namespace hearth {
namespace {

Result<void> lock_as_run() {
  HEARTH_TRY(lockdown({}));
  return {};
}

std::map<std::string, ProofRoute> by_name(const Proof& proof) {
  std::map<std::string, ProofRoute> routes;
  for (const ProofRoute& route : proof.routes) routes.emplace(route.name, route);
  return routes;
}

TEST(Proof, HoldsForALockedProcess) {
  const auto proof = prove_offline({{"run", lock_as_run}});
  ASSERT_TRUE(proof.ok()) << proof.error().message();
  EXPECT_TRUE(proof->ok());
  EXPECT_GE(proof->routes.size(), 30u);
  EXPECT_EQ(proof->landlock_abi, landlock_abi());
  for (const ProofRoute& route : proof->routes) {
    EXPECT_TRUE(route.ok()) << route.name << ": " << route.error;
    EXPECT_EQ(route.profile, "run");
    EXPECT_FALSE(route.tried.empty());
    const bool proved = route.outcome == RouteOutcome::kProved;
    EXPECT_EQ(route.control == "works", proved || route.error.empty()) << route.name;
    if (proved) {
      EXPECT_EQ(route.error, route.expected) << route.name;
    }
  }
  // What works for everybody, on every machine that has loopback.
  const auto routes = by_name(*proof);
  for (const char* name : {"tcp4", "udp", "netlink", "unix-path", "unix-abstract", "leaked-write",
                           "stdin-sendto", "stdin-sendmsg", "scm-rights", "exec"}) {
    EXPECT_EQ(routes.at(name).outcome, RouteOutcome::kProved) << name;
  }
}

// Each profile has its rows, in the order given.
TEST(Proof, TriesEveryProfile) {
  const auto proof = prove_offline({{"first", lock_as_run}, {"second", lock_as_run}});
  ASSERT_TRUE(proof.ok());
  const std::size_t half = proof->routes.size() / 2;
  for (std::size_t i = 0; i < half; ++i) {
    EXPECT_EQ(proof->routes[i].profile, "first");
    EXPECT_EQ(proof->routes[half + i].profile, "second");
    EXPECT_EQ(proof->routes[i].name, proof->routes[half + i].name);
  }
}

TEST(Proof, FailsForAProcessThatIsFree) {
  const auto proof = prove_offline({{"free", [] { return Result<void>(); }}});
  ASSERT_TRUE(proof.ok());
  EXPECT_FALSE(proof->ok());
  for (const ProofRoute& route : proof->routes) {
    const bool works = route.control == "works";
    const bool tried = landlock_abi() > 0 || (route.name != "file" && route.name != "named-pipe");
    EXPECT_EQ(route.outcome == RouteOutcome::kEscaped, works && tried) << route.name;
  }
}

// A refusal by something else than what we count on is no proof.
TEST(Proof, FailsWhereTheErrorIsAnother) {
  const auto without_descriptors = [] {
    ::close(0);
    return Result<void>();
  };
  const auto proof = prove_offline({{"closed", without_descriptors}});
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(by_name(*proof).at("stdin-sendto").outcome, RouteOutcome::kUnexpectedError);
  EXPECT_EQ(by_name(*proof).at("stdin-sendto").error, "EBADF");
  EXPECT_FALSE(proof->ok());
}

TEST(Proof, AProcessThatCannotBeLockedInIsAnError) {
  const auto proof =
      prove_offline({{"broken", [] {
                        return Result<void>(Error(ErrorCode::kUnavailable, "lockdown: no; try"));
                      }}});
  ASSERT_FALSE(proof.ok());
  EXPECT_EQ(proof.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(proof.error().message(), "lockdown: no; try");
}

// Neither a child nor a descriptor nor a folder stays behind.
TEST(Proof, LeavesNothing) {
  const auto next_descriptor = [] {
    const int fd = ::open("/dev/null", O_RDONLY);
    ::close(fd);
    return fd;
  };
  const int before = next_descriptor();
  const auto folders = [] {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
      if (entry.path().filename().string().starts_with("hearth-proof-")) ++count;
    }
    return count;
  };
  const std::size_t folders_before = folders();
  ASSERT_TRUE(prove_offline({{"run", lock_as_run}}).ok());
  EXPECT_EQ(next_descriptor(), before);
  EXPECT_EQ(folders(), folders_before);
}

TEST(Proof, AnEmptyProofProvesNothing) { EXPECT_FALSE(Proof{}.ok()); }

}  // namespace
}  // namespace hearth
