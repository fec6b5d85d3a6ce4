// SPDX-License-Identifier: Apache-2.0
#include "package/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/files.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

namespace fs = std::filesystem;

const auto kGoOn = [](uint64_t, uint64_t) { return true; };

std::string content_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class StoreTest : public testing::Test {
 protected:
  // A file to import.
  fs::path source(const std::string& name, const std::string& content) const {
    const fs::path path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  Result<Manifest> import(const std::string& name, const std::string& content,
                          const std::string& version = "") const {
    return store_.import({source(name + ".gguf", content), name, version, "", {}}, kGoOn);
  }

  std::vector<std::string> blobs() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(store_.folder() / "blobs")) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TestFolder folder_;
  Store store_{folder_.path() / "data" / "hearth"};
};

constexpr char kHashOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_F(StoreTest, AnAbsentStoreIsEmpty) {
  EXPECT_TRUE(store_.list()->empty());
  EXPECT_EQ(store_.find("tiny").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_.remove("tiny").error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(fs::exists(store_.folder()));
}

TEST_F(StoreTest, ImportedBytesAreFoundByName) {
  const auto manifest = import("tiny", "abc");
  ASSERT_TRUE(manifest.ok()) << manifest.error().message();
  EXPECT_EQ(manifest->version, "sha256-ba7816bf8f01");
  EXPECT_EQ(manifest->model_file().sha256, kHashOfAbc);
  EXPECT_EQ(manifest->model_file().path, "tiny.gguf");
  EXPECT_EQ(manifest->bytes(), 3u);
  const auto found = store_.find("tiny");
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->active);
  EXPECT_EQ(content_of(store_.resolve(found->manifest)->weights), "abc");
  EXPECT_EQ(store_.list()->size(), 1u);
}

TEST_F(StoreTest, EqualBytesAreKeptOnce) {
  ASSERT_TRUE(import("one", "abc").ok());
  ASSERT_TRUE(import("two", "abc").ok());
  EXPECT_EQ(blobs(), std::vector<std::string>{std::string("sha256-") + kHashOfAbc});
  EXPECT_EQ(*store_.remove("one"), 0u);
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(*store_.remove("two"), 3u);
  EXPECT_TRUE(blobs().empty());
  EXPECT_TRUE(store_.list()->empty());
}

TEST_F(StoreTest, ACopyIsAnotherNameForTheSameBytes) {
  ASSERT_TRUE(import("tiny", "abc", "1").ok());
  ASSERT_TRUE(store_.copy("tiny", "other").ok());
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(store_.find("other@1")->manifest.model_file().sha256, kHashOfAbc);
  ASSERT_TRUE(store_.remove("tiny").ok());
  EXPECT_EQ(content_of(store_.resolve(store_.find("other")->manifest)->weights), "abc");
  EXPECT_EQ(store_.copy("tiny", "third").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_.copy("other", "../third").error().code(), ErrorCode::kUsage);
}

TEST_F(StoreTest, AModelMadeFromAnotherSharesItsBytes) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  ModelSettings settings;
  settings.system = "Be brief.";
  const auto made = store_.create("tiny", "brief", settings);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(store_.find("brief")->manifest.settings.system, "Be brief.");
  EXPECT_TRUE(store_.find("tiny")->manifest.settings.empty());
  EXPECT_NE(made->version, store_.find("tiny")->manifest.version);

  // From that one: what it says stays where nothing else is said.
  ModelSettings more;
  more.parameters.temperature = 0;
  ASSERT_TRUE(store_.create("brief", "cold@1", more).ok());
  EXPECT_EQ(store_.find("cold@1")->manifest.settings.system, "Be brief.");
  EXPECT_EQ(store_.find("cold")->manifest.settings.parameters.temperature, 0);

  ASSERT_TRUE(store_.remove("tiny").ok());
  EXPECT_EQ(content_of(store_.resolve(store_.find("cold")->manifest)->weights), "abc");
  EXPECT_EQ(store_.create("tiny", "x", settings).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_.create("cold", "../x", settings).error().code(), ErrorCode::kUsage);
  settings.system.assign(2 << 20, 'a');
  EXPECT_EQ(store_.create("cold", "x", settings).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(store_.find("x").error().code(), ErrorCode::kNotFound);
}

TEST_F(StoreTest, AdaptersBelongToAModelAndGoWithIt) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const fs::path weights = folder_.path() / "weights";
  const fs::path config = folder_.path() / "config";
  const fs::path gguf = folder_.path() / "gguf";
  for (const fs::path& path : {weights, config, gguf})
    ASSERT_TRUE(write_file(path, path.filename().string()).ok());
  const std::vector<AdapterPaths> adapters = {{weights, config}, {gguf}};
  const auto made = store_.create("tiny", "adapted", {}, adapters);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_NE(made->version, store_.find("tiny")->manifest.version);
  EXPECT_EQ(blobs().size(), 4u);
  const auto resolved = store_.resolve(store_.find("adapted")->manifest);
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  ASSERT_EQ(resolved->adapters.size(), 2u);
  EXPECT_EQ(content_of(resolved->weights), "abc");
  EXPECT_EQ(content_of(resolved->adapters[0].weights), "weights");
  EXPECT_EQ(content_of(resolved->adapters[0].config), "config");
  EXPECT_EQ(content_of(resolved->adapters[1].weights), "gguf");
  EXPECT_TRUE(resolved->adapters[1].config.empty());

  // From that one: its adapters stay, and others come behind them.
  ASSERT_TRUE(write_file(gguf, "other").ok());
  ASSERT_TRUE(store_.create("adapted", "more", {}, std::vector<AdapterPaths>{{gguf}}).ok());
  EXPECT_EQ(store_.resolve(store_.find("more")->manifest)->adapters.size(), 3u);
  EXPECT_EQ(store_.create("tiny", "x", {}, std::vector<AdapterPaths>{{folder_.path() / "none"}})
                .error()
                .code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(store_.find("x").error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(store_.remove("more").ok());
  EXPECT_EQ(*store_.remove("adapted"), 7u + 6u + 4u);
  EXPECT_EQ(blobs().size(), 1u);
}

TEST_F(StoreTest, AModelMadeAnewReplacesTheOneBefore) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  ModelSettings settings;
  for (const char* system : {"one", "two", "three"}) {
    settings.system = system;
    ASSERT_TRUE(store_.create("tiny", "tiny", settings).ok());
  }
  EXPECT_EQ(store_.find("tiny")->manifest.settings.system, "three");
  EXPECT_EQ(store_.list()->size(), 2u);  // with the one that was imported
  ASSERT_TRUE(store_.remove("tiny@" + store_.find("tiny")->manifest.version).ok());
  EXPECT_TRUE(store_.find("tiny")->manifest.settings.empty());
}

TEST_F(StoreTest, AManifestOfANewerHearthKeepsAllBytes) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const fs::path folder = store_.folder() / "models" / "new" / "1";
  fs::create_directories(folder);
  std::ofstream(folder / "manifest.json") << "{\"format\": 3}";
  EXPECT_EQ(store_.find("new@1").error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(*store_.remove("tiny"), 0u);
  EXPECT_EQ(blobs().size(), 1u);
}

TEST_F(StoreTest, TheLastImportIsActiveAndOthersStay) {
  ASSERT_TRUE(import("tiny", "first", "1").ok());
  ASSERT_TRUE(import("tiny", "second", "2").ok());
  EXPECT_EQ(store_.find("tiny")->manifest.version, "2");
  EXPECT_EQ(store_.find("tiny@1")->manifest.version, "1");
  EXPECT_FALSE(store_.find("tiny@1")->active);
  EXPECT_EQ(store_.find("tiny@3").error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(store_.remove("tiny@2").ok());
  EXPECT_EQ(store_.find("tiny")->manifest.version, "1");
  EXPECT_EQ(blobs().size(), 1u);
}

TEST_F(StoreTest, ReplacingAVersionDropsItsOldBytes) {
  ASSERT_TRUE(import("tiny", "first", "1").ok());
  ASSERT_TRUE(import("tiny", "second", "1").ok());
  EXPECT_EQ(store_.list()->size(), 1u);
  EXPECT_EQ(blobs().size(), 1u);
}

TEST_F(StoreTest, AnotherHashThanExpectedChangesNothing) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const std::string other(64, '0');
  const auto refused = store_.import({source("x.gguf", "evil"), "tiny", "", other, {}}, kGoOn);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kVerification);
  EXPECT_NE(refused.error().message().find(other), std::string::npos);
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(store_.find("tiny")->manifest.model_file().sha256, kHashOfAbc);
  EXPECT_TRUE(store_.import({source("y.gguf", "abc"), "z", "", kHashOfAbc, {}}, kGoOn).ok());
}

TEST_F(StoreTest, WhatIsExaminedAndRefusedIsNotKept) {
  const auto import_examined = [&](Examine examine) {
    return store_.import({source("x.gguf", "abc"), "tiny", "", "", std::move(examine)}, kGoOn);
  };
  const auto refused = import_examined([](const fs::path& copy, Manifest&) -> Result<void> {
    EXPECT_EQ(content_of(copy), "abc");
    return Error(ErrorCode::kCorrupt, "is no model");
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message(), "is no model");
  EXPECT_TRUE(blobs().empty());
  ASSERT_TRUE(import_examined([](const fs::path&, Manifest& manifest) -> Result<void> {
                manifest.licence = "apache-2.0";
                return {};
              }).ok());
  EXPECT_EQ(store_.find("tiny")->manifest.licence, "apache-2.0");
}

TEST_F(StoreTest, RefusesBadRequests) {
  const auto code = [&](const ImportRequest& request) {
    const auto result = store_.import(request, kGoOn);
    return result.ok() ? ErrorCode::kInternal : result.error().code();
  };
  const fs::path file = source("m.gguf", "abc");
  for (const char* name : {"", "..", "a/b", ".hidden", "-x", "a b", "name\n", "caf\xc3\xa9"}) {
    EXPECT_EQ(code({file, name, "", "", {}}), ErrorCode::kUsage) << name;
  }
  EXPECT_EQ(code({file, std::string(65, 'a'), "", "", {}}), ErrorCode::kUsage);
  EXPECT_EQ(code({file, "a", "../1", "", {}}), ErrorCode::kUsage);
  EXPECT_EQ(code({file, "a", "", "ABC", {}}), ErrorCode::kUsage);
  EXPECT_EQ(code({folder_.path() / "none", "a", "", "", {}}), ErrorCode::kNotFound);
  EXPECT_EQ(code({folder_.path(), "a", "", "", {}}), ErrorCode::kUsage);
  EXPECT_EQ(code({source("empty", ""), "a", "", "", {}}), ErrorCode::kCorrupt);
  EXPECT_TRUE(store_.list()->empty());
  EXPECT_TRUE(blobs().empty());
}

TEST_F(StoreTest, ImportsWhatASourceMakes) {
  ImportRequest request;
  request.file = "checkpoint";
  request.name = "made";
  request.source_bytes = 3;
  request.source = [](ByteSink sink) -> Result<void> {
    for (const char* letter : {"a", "b", "c"}) {
      HEARTH_TRY(sink(std::as_bytes(std::span(letter, 1))));
    }
    return {};
  };
  const auto imported = store_.import(request, kGoOn);
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  EXPECT_EQ(imported->model_file().sha256, kHashOfAbc);
  EXPECT_EQ(imported->model_file().path, "checkpoint");
  EXPECT_EQ(content_of(store_.resolve(*imported)->weights), "abc");
  // An error of the source, one of its size and a stop leave nothing.
  request.name = "other";
  request.source_bytes = 4;
  EXPECT_EQ(store_.import(request, kGoOn).error().code(), ErrorCode::kCorrupt);
  const auto stop = [](uint64_t, uint64_t) { return false; };
  EXPECT_EQ(store_.import(request, stop).error().code(), ErrorCode::kCancelled);
  request.source = [](ByteSink) { return Error(ErrorCode::kUnsupported, "tensor: x; y"); };
  EXPECT_EQ(store_.import(request, kGoOn).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(store_.list()->size(), 1u);
  EXPECT_EQ(blobs().size(), 1u);
}

TEST_F(StoreTest, ImportCanBeStopped) {
  const fs::path file = source("big.gguf", std::string(3 << 20, 'x'));
  int calls = 0;
  const auto stopped = store_.import({file, "big", "", "", {}}, [&](uint64_t done, uint64_t total) {
    EXPECT_EQ(total, 3u << 20);
    EXPECT_EQ(done, static_cast<uint64_t>(++calls) << 20);
    return calls < 2;
  });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(blobs().empty());
}

TEST_F(StoreTest, AFullDiskChangesNothing) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const fs::path file = source("big.gguf", std::string(3 << 20, 'x'));
  const pid_t child = ::fork();
  if (child == 0) {  // a file size limit stands in for the full disk
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit {
      1 << 20, 1 << 20
    };
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = store_.import({file, "big", "", "", {}}, kGoOn);
    ::_exit(!result.ok() && result.error().code() == ErrorCode::kUnavailable ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(blobs().size(), 1u);
  EXPECT_EQ(store_.list()->size(), 1u);
}

// Killed at any moment of an import, the store holds what it held, and the next import cleans up.
TEST_F(StoreTest, SurvivesKillDuringImport) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const fs::path file = source("big.gguf", std::string(3 << 20, 'x'));
  const pid_t child = ::fork();
  if (child == 0) {
    const auto result = store_.import({file, "tiny", "", "", {}}, [](uint64_t done, uint64_t) {
      if (done >= 2 << 20) ::raise(SIGKILL);
      return true;
    });
    ::_exit(result.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(blobs().size(), 2u);  // with the torn one
  EXPECT_EQ(store_.find("tiny")->manifest.model_file().sha256, kHashOfAbc);
  ASSERT_TRUE(import("other", "def").ok());
  EXPECT_EQ(blobs().size(), 2u);  // abc and def
  for (const std::string& name : blobs()) EXPECT_TRUE(name.starts_with("sha256-")) << name;
}

TEST_F(StoreTest, AnInterruptedVersionIsNoVersion) {
  ASSERT_TRUE(import("tiny", "abc", "1").ok());
  fs::create_directories(store_.folder() / "models" / "tiny" / "2");
  std::ofstream(store_.folder() / "models" / "tiny" / "active") << "2\n";
  EXPECT_EQ(store_.list()->size(), 1u);
  EXPECT_EQ(store_.find("tiny")->manifest.version, "1");
}

TEST_F(StoreTest, ABrokenManifestIsNamed) {
  ASSERT_TRUE(import("tiny", "abc", "1").ok());
  const fs::path path = store_.folder() / "models" / "tiny" / "1" / "manifest.json";
  const std::string good = content_of(path);
  const auto breaks = [&](const std::string& text) {
    std::ofstream(path) << text;
    const auto found = store_.find("tiny");
    return !found.ok() && found.error().message().find("manifest.json") != std::string::npos
               ? found.error().code()
               : ErrorCode::kInternal;
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_EQ(breaks(""), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks("[]"), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks(good.substr(0, good.size() / 2)), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks(replaced("\"format\": 1", "\"format\": 3")), ErrorCode::kUnsupported);
  EXPECT_EQ(breaks(replaced("\"name\": \"tiny\"", "\"name\": \"huge\"")), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks(replaced("\"bytes\": 3", "\"bytes\": -3")), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks(replaced("\"role\": \"model\"", "\"role\": \"x\"")), ErrorCode::kCorrupt);
  EXPECT_EQ(breaks(replaced(kHashOfAbc, "../../../etc/passwd")), ErrorCode::kCorrupt);
}

TEST_F(StoreTest, ABrokenVersionCanBeRemovedAndHurtsNoOther) {
  ASSERT_TRUE(import("tiny", "abc", "1").ok());
  ASSERT_TRUE(import("other", "def", "1").ok());
  std::ofstream(store_.folder() / "models" / "tiny" / "1" / "manifest.json") << "broken";
  EXPECT_TRUE(store_.find("other").ok());
  EXPECT_TRUE(import("third", "ghi", "1").ok());
  EXPECT_EQ(blobs().size(), 3u);  // also the one that only the broken manifest names
  EXPECT_EQ(*store_.remove("tiny"), 3u);
  EXPECT_EQ(store_.list()->size(), 2u);
  EXPECT_EQ(blobs().size(), 2u);
}

TEST_F(StoreTest, ALostOrCutBlobIsNamed) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const Manifest manifest = store_.find("tiny")->manifest;
  const fs::path blob = store_.resolve(manifest)->weights;
  ASSERT_EQ(::chmod(blob.c_str(), 0644), 0);
  std::ofstream(blob) << "ab";
  EXPECT_EQ(store_.resolve(manifest).error().code(), ErrorCode::kCorrupt);
  fs::remove(blob);
  EXPECT_EQ(store_.resolve(manifest).error().code(), ErrorCode::kCorrupt);
  ASSERT_TRUE(import("tiny", "abc").ok());  // which mends it
  EXPECT_TRUE(store_.resolve(manifest).ok());
}

TEST_F(StoreTest, WritersWaitForEachOtherAndReadersDoNot) {
  ASSERT_TRUE(import("tiny", "abc").ok());
  const fs::path lock_path = store_.folder() / "lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  EXPECT_TRUE(store_.find("tiny").ok());
  const fs::path file = source("b.gguf", "def");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(lock);  // else the child would share our lock
    ::_exit(store_.import({file, "b", "", "", {}}, kGoOn).ok() ? 0 : 1);
  }
  ::usleep(50'000);
  EXPECT_EQ(store_.list()->size(), 1u);
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), 0);
  ::close(lock);
  int status = 1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(store_.list()->size(), 2u);
}

}  // namespace
}  // namespace hearth
