// SPDX-License-Identifier: Apache-2.0
// Split models: written, found by their names, joined; and what is said of parts that are missing
// or of another model.
#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "base/strings.h"
#include "base/test_folder.h"
#include "format/gguf_writer.h"
#include "format/mapped_gguf.h"

namespace hearth {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Five tensors of 8 floats; tensor i is full of bytes 'a' + i.
class SplitModel : public testing::Test {
 protected:
  void SetUp() override {
    writer_.add("general.architecture", "llama");
    for (std::size_t i = 0; i < data_.size(); ++i) {
      data_[i].assign(32, static_cast<char>('a' + i));
      writer_.add_tensor(concat("t", i), DType::kF32, std::array<uint64_t, 1>{8},
                         std::as_bytes(std::span(data_[i])));
    }
  }

  std::filesystem::path part_path(std::size_t number, std::size_t count) const {
    return folder_.path() / concat("m-0000", number, "-of-0000", count, ".gguf");
  }

  void write_parts(std::size_t tensors_max) const {
    const auto parts = writer_.split(tensors_max);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      ASSERT_TRUE(parts[i].write(part_path(i + 1, parts.size())).ok());
    }
  }

  Error open_error(const std::filesystem::path& path) const {
    auto opened = MappedGguf::open(path, path.string());
    if (opened.ok()) {
      ADD_FAILURE() << path << " opens";
      return Error(ErrorCode::kInternal, "");
    }
    return opened.error();
  }

  TestFolder folder_;
  std::array<std::string, 5> data_;
  GgufWriter writer_;
};

TEST_F(SplitModel, OpensByItsFirstPart) {
  write_parts(2);
  const MappedGguf opened = MappedGguf::open(part_path(1, 3), "m").value();
  ASSERT_EQ(opened.parts.size(), 3u);
  EXPECT_EQ(opened.parts[2].name, part_path(3, 3).string());
  EXPECT_EQ(opened.gguf.get_string("general.architecture").value(), "llama");
  ASSERT_EQ(opened.gguf.tensors().size(), data_.size());
  for (std::size_t i = 0; i < data_.size(); ++i) {
    const GgufTensor* tensor = opened.gguf.find_tensor(concat("t", i));
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->part, i / 2);
    EXPECT_TRUE(std::ranges::equal(tensor->data, std::as_bytes(std::span(data_[i]))));
    opened.drop(tensor->data);
  }
  std::size_t bytes = 0;
  for (std::size_t i = 1; i <= 3; ++i) bytes += std::filesystem::file_size(part_path(i, 3));
  EXPECT_EQ(opened.bytes(), bytes);
}

TEST_F(SplitModel, AWholeFileHasOnePart) {
  ASSERT_TRUE(writer_.write(folder_.path() / "whole.gguf").ok());
  const MappedGguf opened = MappedGguf::open(folder_.path() / "whole.gguf", "w").value();
  EXPECT_EQ(opened.parts.size(), 1u);
  EXPECT_FALSE(opened.gguf.split().value().has_value());
  write_parts(9);  // one part of one
  EXPECT_EQ(MappedGguf::open(part_path(1, 1), "w").value().parts.size(), 1u);
}

TEST_F(SplitModel, AMissingPartIsNamed) {
  write_parts(2);
  std::filesystem::remove(part_path(2, 3));
  const Error error = open_error(part_path(1, 3));
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.message(), part_path(2, 3).string() +
                                 ": part 2 of 3 of the model is missing; fetch it into the same "
                                 "folder");
}

TEST_F(SplitModel, ALaterPartNamesTheFirst) {
  write_parts(2);
  const Error error = open_error(part_path(2, 3));
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_TRUE(contains(error.message(),
                       "this is part 2 of 3 of a split model; name the first, "
                       "m-00001-of-00003.gguf"))
      << error.message();
}

TEST_F(SplitModel, AnotherNameIsRefused) {
  write_parts(2);
  std::filesystem::rename(part_path(1, 3), folder_.path() / "first.gguf");
  const Error error = open_error(folder_.path() / "first.gguf");
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_TRUE(contains(error.message(), "ends in -00001-of-00003.gguf")) << error.message();
}

TEST_F(SplitModel, AForeignPartIsNamed) {
  write_parts(2);
  const auto put = [&](const GgufWriter& writer) {
    ASSERT_TRUE(writer.write(part_path(2, 3)).ok());
  };
  const auto refused = [&](std::string_view why) {
    const Error error = open_error(part_path(1, 3));
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    EXPECT_TRUE(contains(error.message(), why)) << error.message();
    EXPECT_TRUE(contains(error.message(), "m-0000")) << error.message();
  };
  put(writer_);
  refused("is no part of a split model");
  put(writer_.split(2)[2]);
  refused("it says that it is part 3 of 3 with 5 tensors in all, where part 2 of 3");
  put(writer_.split(3)[1]);
  refused("it says that it is part 2 of 2");
  const auto with_tensor = [&](std::string_view name) {
    GgufWriter part;
    part.add("split.no", uint16_t{1});
    part.add("split.count", uint16_t{3});
    part.add("split.tensors.count", int32_t{5});
    part.add_tensor(name, DType::kF32, std::array<uint64_t, 1>{8},
                    std::as_bytes(std::span(data_[0])));
    return part;
  };
  put(with_tensor("new"));
  refused("its 3 parts have 4 tensors, and 5 are said to be in them");
  auto repeated = with_tensor("t0");
  repeated.add_tensor("new", DType::kF32, std::array<uint64_t, 1>{8},
                      std::as_bytes(std::span(data_[0])));
  put(repeated);
  refused("tensor t0 occurs in two of its parts");
  std::ofstream(part_path(2, 3), std::ios::trunc) << "GGUF";
  refused("m-00002-of-00003.gguf: the file ends inside");
}

TEST(GgufSplit, KeysThatMakeNoSense) {
  const auto split_of = [](auto fill) {
    GgufWriter writer;
    fill(writer);
    const std::string bytes = writer.bytes().value();
    return GgufFile::parse(std::as_bytes(std::span(bytes)), "n").value().split();
  };
  const auto message = [&](uint16_t index, uint16_t count) {
    return split_of([&](GgufWriter& writer) {
             writer.add("split.no", index);
             writer.add("split.count", count);
             writer.add("split.tensors.count", int32_t{1});
           })
        .error()
        .message();
  };
  EXPECT_TRUE(contains(message(0, 0), "split.count is 0"));
  EXPECT_TRUE(contains(message(0, 1000), "split.count is 1000"));
  EXPECT_TRUE(contains(message(2, 2), "split.no is 2, and there are 2 parts"));
  const auto lone = split_of([](GgufWriter& writer) { writer.add("split.count", uint16_t{2}); });
  EXPECT_TRUE(contains(lone.error().message(), "split.no is missing"));
  EXPECT_FALSE(split_of([](GgufWriter&) {}).value().has_value());
}

TEST(GgufSplit, NamesOfParts) {
  const GgufSplit split = {1, 12, 5};
  EXPECT_EQ(gguf_part_name("a/b-00002-of-00012.gguf", split, 0), "a/b-00001-of-00012.gguf");
  EXPECT_EQ(gguf_part_name("b-00002-of-00012.gguf", split, 11), "b-00012-of-00012.gguf");
  EXPECT_EQ(gguf_part_name("b-00001-of-00012.gguf", split, 0), std::nullopt);
  EXPECT_EQ(gguf_part_name("b-00002-of-00013.gguf", split, 0), std::nullopt);
  EXPECT_EQ(gguf_part_name("b.gguf", split, 0), std::nullopt);
}

}  // namespace
}  // namespace hearth
