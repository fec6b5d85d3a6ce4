// SPDX-License-Identifier: Apache-2.0
#include "proof/signed_report.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

Proof some_proof() {
  Proof proof;
  proof.kernel = "Linux 6.1.0";
  proof.architecture = "x86_64";
  proof.landlock_abi = 2;
  proof.routes.push_back(
      {"tcp4", "run", "connect", "works", "EPERM", "EPERM", RouteOutcome::kProved});
  proof.routes.push_back({"raw", "run", "raw", "EPERM", "EPERM", "", RouteOutcome::kNotProvable});
  return proof;
}

class SignedReport : public ::testing::Test {
 protected:
  std::filesystem::path key() const { return folder_.path() / "state" / "proof.key"; }

  Json signed_report() const {
    Json report = proof_json(some_proof(), "1.2.3", "2026-11-26T12:00:00Z");
    const auto done = sign_report(report, key());
    EXPECT_TRUE(done.ok()) << done.error().message();
    return report;
  }

  TestFolder folder_;
};

TEST_F(SignedReport, HasTheKeysOfTheContract) {
  const Json report = signed_report();
  for (const char* name : {"versions", "time", "ok", "routes", "public_key", "signature"}) {
    EXPECT_TRUE(report.contains(name)) << name;
  }
  for (const char* name : {"kernel", "hearth", "landlock_abi"}) {
    EXPECT_TRUE(report["versions"].contains(name)) << name;
  }
  for (const char* name : {"name", "tried", "control", "outcome", "errno", "ok"}) {
    EXPECT_TRUE(report["routes"][0].contains(name)) << name;
  }
  EXPECT_EQ(report["routes"][0]["errno"], "EPERM");
  EXPECT_TRUE(report["routes"][1]["errno"].is_null());
  EXPECT_EQ(report["routes"][1]["outcome"], "not provable here");
}

TEST_F(SignedReport, IsCheckedAsItWasSigned) {
  const Json report = signed_report();
  for (const std::string& text : {report.dump(), report.dump(2)}) {
    const auto checked = check_report(text);
    ASSERT_TRUE(checked.ok()) << checked.error().message();
    EXPECT_TRUE(checked->ok);
    EXPECT_EQ(checked->routes, 2u);
    EXPECT_EQ(checked->kernel, "Linux 6.1.0");
    EXPECT_EQ(checked->hearth_version, "1.2.3");
    EXPECT_EQ(checked->time, "2026-11-26T12:00:00Z");
    EXPECT_EQ(checked->public_key, *public_key_of(key()));
  }
}

TEST_F(SignedReport, SaysWhatDidNotHold) {
  Proof proof = some_proof();
  proof.routes[0].outcome = RouteOutcome::kEscaped;
  Json report = proof_json(proof, "1", "now");
  ASSERT_TRUE(sign_report(report, key()).ok());
  EXPECT_FALSE(report["ok"]);
  EXPECT_FALSE(report["routes"][0]["ok"]);
  EXPECT_FALSE(check_report(report.dump())->ok);
}

// Every byte counts: whichever is changed, the report is refused.
TEST_F(SignedReport, AnyChangeIsFound) {
  const std::string text = signed_report().dump();
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto checked = check_report(changed);
    if (checked.ok()) {  // hexadecimal letters have two cases, which mean the same
      ADD_FAILURE() << "byte " << i << " of " << changed;
      break;
    }
  }
  Json report = signed_report();
  report["more"] = 1;
  EXPECT_EQ(check_report(report.dump()).error().code(), ErrorCode::kVerification);
  report.erase("more");
  EXPECT_TRUE(check_report(report.dump()).ok());
  report["public_key"] = std::string(64, '0');
  EXPECT_EQ(check_report(report.dump()).error().code(), ErrorCode::kVerification);
}

TEST_F(SignedReport, WhatIsNoReportIsSaid) {
  Json unsigned_report = proof_json(some_proof(), "1", "now");
  Json other = signed_report();
  other["kind"] = "other";
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
        std::string(100'000, '['),
        std::string("{\"kind\":\"hearth offline proof\",\"a\":") + std::string(100'000, '['),
        unsigned_report.dump(), other.dump(), std::string("\xff")}) {
    const auto checked = check_report(text);
    ASSERT_FALSE(checked.ok()) << text.substr(0, 60);
    EXPECT_EQ(checked.error().code(), ErrorCode::kCorrupt);
  }
}

TEST_F(SignedReport, TheKeyIsMadeOnceAndForItsOwnerOnly) {
  const std::string first = signed_report()["public_key"];
  EXPECT_EQ(signed_report()["public_key"], first);
  EXPECT_EQ(first.size(), kPublicKeyCharacters);
  struct stat info {};
  ASSERT_EQ(::stat(key().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator(key().parent_path())) {
    ++files;
  }
  EXPECT_EQ(files, 1u);
}

TEST_F(SignedReport, ABadKeyIsNotUsed) {
  EXPECT_EQ(public_key_of(key()).error().code(), ErrorCode::kNotFound);
  signed_report();
  ::chmod(key().c_str(), 0640);
  Json report = proof_json(some_proof(), "1", "now");
  EXPECT_EQ(sign_report(report, key()).error().code(), ErrorCode::kUnavailable);
  ::chmod(key().c_str(), 0600);
  for (const std::string& text : {std::string(), std::string("x\n"), std::string(63, 'a'),
                                  std::string(66, 'a'), std::string(64, 'g') + "\n"}) {
    std::ofstream(key()) << text;
    EXPECT_EQ(sign_report(report, key()).error().code(), ErrorCode::kCorrupt) << text;
  }
  EXPECT_FALSE(report.contains("signature"));
}

}  // namespace
}  // namespace hearth
