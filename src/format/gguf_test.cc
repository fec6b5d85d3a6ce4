// SPDX-License-Identifier: Apache-2.0
// The reader and the writer on sound files: what is written is read back, and values are had by
// type. Unsound files are gguf_hostile_test.cc's.
#include "format/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "base/strings.h"
#include "base/test_folder.h"
#include "format/gguf_writer.h"

namespace hearth {
namespace {

using ::testing::Test;

std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string filled(std::size_t bytes, char value) { return std::string(bytes, value); }

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A file with every kind of value. The strings outlive it, as a GgufFile borrows.
class GgufValues : public Test {
 protected:
  void SetUp() override {
    GgufWriter writer;
    writer.add("u8", uint8_t{255});
    writer.add("i8", int8_t{-128});
    writer.add("u16", uint16_t{65535});
    writer.add("i16", int16_t{-32768});
    writer.add("u32", uint32_t{4294967295u});
    writer.add("i32", int32_t{-2147483647 - 1});
    writer.add("u64", std::numeric_limits<uint64_t>::max());
    writer.add("i64", std::numeric_limits<int64_t>::min());
    writer.add("i64.positive", int64_t{7});
    writer.add("f32", 1.5f);
    writer.add("f64", 1e300);
    writer.add("f32.nan", std::nanf(""));
    writer.add("yes", true);
    writer.add("no", false);
    writer.add("text", "gr\xc3\xbc\xc3\x9f");
    writer.add("text.empty", "");
    writer.add_array("strings", std::vector<std::string>{"a", "", std::string("\0b", 2)});
    writer.add_array("strings.empty", std::vector<std::string>{});
    writer.add_array("i32s", std::vector<int32_t>{-1, 2, 2147483647});
    writer.add_array("u32s", std::vector<uint32_t>{0, 2147483647});
    writer.add_array("u32s.big", std::vector<uint32_t>{0, 2147483648u});
    writer.add_array("f32s", std::vector<float>{0.5f, -1.0f});
    writer.add_array("bools", std::vector<bool>{true, false, true});
    writer.add_array("u64s", std::vector<uint64_t>{1, 2});
    auto written = writer.bytes();
    ASSERT_TRUE(written.ok()) << written.error().message();
    content_ = std::move(written).value();
    auto parsed = GgufFile::parse(as_bytes(content_), "values.gguf");
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    file_ = std::move(parsed).value();
  }

  std::string content_;
  GgufFile file_;
};

TEST_F(GgufValues, UnsignedAreWidened) {
  EXPECT_EQ(file_.get_uint("u8").value(), 255u);
  EXPECT_EQ(file_.get_uint("u16").value(), 65535u);
  EXPECT_EQ(file_.get_uint("u32").value(), 4294967295u);
  EXPECT_EQ(file_.get_uint("u64").value(), std::numeric_limits<uint64_t>::max());
}

TEST_F(GgufValues, SignedAreUnsignedWherePositive) {
  EXPECT_EQ(file_.get_uint("i64.positive").value(), 7u);
  for (const std::string_view key : {"i8", "i16", "i32", "i64"}) {
    const auto value = file_.get_uint(key);
    ASSERT_FALSE(value.ok()) << key;
    EXPECT_EQ(value.error().code(), ErrorCode::kCorrupt);
    EXPECT_TRUE(contains(value.error().message(), key)) << value.error().message();
    EXPECT_TRUE(contains(value.error().message(), "negative")) << value.error().message();
  }
  EXPECT_EQ(std::get<int64_t>(file_.find("i8")->value), -128);
  EXPECT_EQ(std::get<int64_t>(file_.find("i16")->value), -32768);
  EXPECT_EQ(std::get<int64_t>(file_.find("i64")->value), std::numeric_limits<int64_t>::min());
}

TEST_F(GgufValues, FloatsBoolsAndStrings) {
  EXPECT_EQ(file_.get_float("f32").value(), 1.5);
  EXPECT_EQ(file_.get_float("f64").value(), 1e300);
  EXPECT_EQ(file_.get_float("f32.nan").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(file_.get_bool("yes").value(), true);
  EXPECT_EQ(file_.get_bool("no").value(), false);
  EXPECT_EQ(file_.get_string("text").value(), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(file_.get_string("text.empty").value(), "");
}

TEST_F(GgufValues, Arrays) {
  const auto strings = file_.get_array("strings").value()->strings().value();
  EXPECT_EQ(strings, (std::vector<std::string_view>{"a", "", std::string_view("\0b", 2)}));
  EXPECT_TRUE(file_.get_array("strings.empty").value()->strings().value().empty());
  EXPECT_EQ(file_.get_array("i32s").value()->int32s().value(),
            (std::vector<int32_t>{-1, 2, 2147483647}));
  EXPECT_EQ(file_.get_array("u32s").value()->int32s().value(),
            (std::vector<int32_t>{0, 2147483647}));
  EXPECT_EQ(file_.get_array("f32s").value()->floats().value(), (std::vector<float>{0.5f, -1.0f}));
  EXPECT_EQ(file_.get_array("bools").value()->count, 3u);
}

TEST_F(GgufValues, ArraysOfAnotherTypeAreNamed) {
  const auto wrong = file_.get_array("u64s").value()->int32s();
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message(),
            "metadata key u64s is an array of uint64, and an array of int32 is needed; use another "
            "conversion of the model");
  EXPECT_FALSE(file_.get_array("i32s").value()->strings().ok());
  EXPECT_FALSE(file_.get_array("i32s").value()->floats().ok());
  const auto big = file_.get_array("u32s.big").value()->int32s();
  ASSERT_FALSE(big.ok());
  EXPECT_TRUE(contains(big.error().message(), "2147483648")) << big.error().message();
}

TEST_F(GgufValues, AbsentIsNoError) {
  EXPECT_EQ(file_.find("absent"), nullptr);
  EXPECT_EQ(file_.find(""), nullptr);
  EXPECT_EQ(file_.find_tensor("absent"), nullptr);
  EXPECT_EQ(file_.get_uint("absent").value(), std::nullopt);
  EXPECT_EQ(file_.get_float("absent").value(), std::nullopt);
  EXPECT_EQ(file_.get_bool("absent").value(), std::nullopt);
  EXPECT_EQ(file_.get_string("absent").value(), std::nullopt);
  EXPECT_FALSE(file_.get_array("absent").value().has_value());
}

TEST_F(GgufValues, WrongTypeNamesFileKeyAndTypes) {
  EXPECT_EQ(file_.get_uint("i32s").error().message(),
            "values.gguf: metadata key i32s is of type array of int32, and an integer is needed; "
            "use another conversion of the model");
  EXPECT_EQ(file_.get_uint("yes").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(file_.get_float("u8").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(file_.get_bool("u8").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(file_.get_string("u8").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(file_.get_array("text").error().code(), ErrorCode::kCorrupt);
}

TEST_F(GgufValues, FindsEveryKeyAndKeepsTheOrder) {
  for (const GgufEntry& entry : file_.metadata()) EXPECT_EQ(file_.find(entry.key), &entry);
  EXPECT_EQ(file_.metadata().front().key, "u8");
  EXPECT_EQ(file_.metadata().back().key, "u64s");
}

TEST_F(GgufValues, CopiedEntriesAreTheSameBytes) {
  GgufWriter writer;
  for (const GgufEntry& entry : file_.metadata()) writer.add(entry);
  EXPECT_EQ(writer.bytes().value(), content_);
}

TEST(GgufTensors, RoundTripEveryTypeAndRank) {
  const std::array<uint64_t, 4> shape = {256, 3, 2, 2};
  std::vector<std::string> data;
  std::vector<DType> types;
  for (uint32_t id = 0; id < 64; ++id) {
    const DTypeInfo* info = find_dtype(id);
    if (info == nullptr) continue;
    types.push_back(info->dtype);
    data.push_back(filled(256 * 12 / info->block_values * info->block_bytes, char('A' + id)));
  }
  GgufWriter writer;
  for (std::size_t i = 0; i < types.size(); ++i) {
    writer.add_tensor(concat("t", i), types[i], shape, as_bytes(data[i]));
  }
  const std::array<uint64_t, 1> one = {1};
  const std::string number = filled(4, 'x');
  writer.add_tensor("odd", DType::kF32, one, as_bytes(number));
  const auto content = writer.bytes().value();
  const auto file = GgufFile::parse(as_bytes(content), "tensors.gguf").value();
  ASSERT_EQ(file.tensors().size(), types.size() + 1);
  for (std::size_t i = 0; i < types.size(); ++i) {
    const GgufTensor* tensor = file.find_tensor(concat("t", i));
    ASSERT_EQ(tensor, &file.tensors()[i]);
    EXPECT_EQ(tensor->dtype, types[i]);
    EXPECT_EQ(tensor->rank, 4u);
    EXPECT_EQ(tensor->shape, shape);
    EXPECT_EQ(tensor->row_values(), 256u);
    EXPECT_EQ(tensor->row_count(), 12u);
    EXPECT_TRUE(std::ranges::equal(tensor->data, as_bytes(data[i])));
    EXPECT_EQ((tensor->data.data() - as_bytes(content).data()) % 32, 0);
  }
  EXPECT_EQ(file.find_tensor("odd")->shape, (std::array<uint64_t, 4>{1, 1, 1, 1}));
  EXPECT_EQ(content.back(), 'x') << "nothing stands behind the last tensor";
}

TEST(GgufTensors, AStreamedFileIsTheSame) {
  const std::array<uint64_t, 2> shape = {32, 2};
  const std::string first = filled(68, 'a'), second = filled(68, 'b');
  GgufWriter whole, streamed;
  for (GgufWriter* writer : {&whole, &streamed}) writer->add("key", "value");
  whole.add_tensor("first", DType::kQ8_0, shape, as_bytes(first));
  whole.add_tensor("second", DType::kQ8_0, shape, as_bytes(second));
  const auto in_halves = [](const std::string& data) -> ByteSource {
    return [&data](ByteSink sink) -> Result<void> {
      HEARTH_TRY(sink(as_bytes(data).first(34)));
      return sink(as_bytes(data).subspan(34));
    };
  };
  streamed.add_tensor("first", DType::kQ8_0, shape, in_halves(first));
  streamed.add_tensor("second", DType::kQ8_0, shape, in_halves(second));
  std::string content;
  const auto collect = [&](std::span<const std::byte> piece) {
    content.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return Result<void>();
  };
  ASSERT_TRUE(streamed.stream(collect).ok());
  EXPECT_EQ(content, whole.bytes().value());
  EXPECT_EQ(streamed.byte_count(), content.size());
}

TEST(GgufTensors, AStreamEndsAtTheFirstError) {
  const std::array<uint64_t, 1> one = {1};
  GgufWriter writer;
  writer.add_tensor("short", DType::kF32, one, [](ByteSink) { return Result<void>(); });
  const auto ignore = [](std::span<const std::byte>) { return Result<void>(); };
  const auto too_short = writer.stream(ignore);
  ASSERT_FALSE(too_short.ok());
  EXPECT_EQ(too_short.error().code(), ErrorCode::kUsage);
  EXPECT_NE(too_short.error().message().find("short"), std::string::npos);
  int calls = 0;
  const auto refused = writer.stream([&](std::span<const std::byte>) -> Result<void> {
    ++calls;
    return Error(ErrorCode::kUnavailable, "disk: is full; make room");
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST(GgufTensors, VocabularyOnlyAndEmptyFilesAreFine) {
  GgufWriter writer;
  const auto nothing = writer.bytes().value();
  EXPECT_EQ(nothing.size(), 24u);
  EXPECT_TRUE(GgufFile::parse(as_bytes(nothing), "n").ok());
  writer.add_array("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  const auto content = writer.bytes().value();
  const auto file = GgufFile::parse(as_bytes(content), "n").value();
  EXPECT_TRUE(file.tensors().empty());
  EXPECT_EQ(file.metadata().size(), 1u);
}

TEST(GgufTensors, VersionAndAlignment) {
  const std::string data = filled(4, 'x');
  const std::array<uint64_t, 1> one = {1};
  for (const uint32_t version : {2u, 3u}) {
    for (const uint64_t alignment : {8u, 32u, 128u, 65536u}) {
      GgufWriter writer({.version = version, .alignment = alignment});
      writer.add_tensor("a", DType::kF32, one, as_bytes(data));
      writer.add_tensor("b", DType::kF32, one, as_bytes(data));
      const auto content = writer.bytes().value();
      const auto file = GgufFile::parse(as_bytes(content), "n").value();
      EXPECT_EQ(file.version(), version);
      EXPECT_EQ(file.alignment(), alignment);
      EXPECT_EQ(file.tensors()[1].data.data() - file.tensors()[0].data.data(), alignment);
      EXPECT_EQ((file.tensors()[0].data.data() - as_bytes(content).data()) % alignment, 0u);
    }
  }
}

TEST(GgufFile, MovesWithItsViewsIntact) {
  GgufWriter writer;
  writer.add("key", "value");
  const auto content = writer.bytes().value();
  auto first = GgufFile::parse(as_bytes(content), "n").value();
  const GgufFile second = std::move(first);
  EXPECT_EQ(second.get_string("key").value(), "value");
}

TEST(GgufFile, NameIsMadePrintable) {
  GgufWriter writer;
  const auto content = writer.bytes().value();
  EXPECT_EQ(GgufFile::parse(as_bytes(content), "a\nb").value().name(), "a\\x0ab");
}

TEST(GgufTypes, HaveNames) {
  EXPECT_EQ(gguf_type_name(GgufType::kUint8), "uint8");
  EXPECT_EQ(gguf_type_name(GgufType::kFloat32), "float32");
  EXPECT_EQ(gguf_type_name(GgufType::kFloat64), "float64");
  const GgufEntry entry{"k", GgufType::kArray, GgufArray{GgufType::kString, 0, {}, "k"}};
  EXPECT_EQ(gguf_type_name(entry), "array of string");
  EXPECT_EQ(gguf_scalar_bytes(GgufType::kBool), 1u);
  EXPECT_EQ(gguf_scalar_bytes(GgufType::kInt16), 2u);
  EXPECT_EQ(gguf_scalar_bytes(GgufType::kFloat32), 4u);
  EXPECT_EQ(gguf_scalar_bytes(GgufType::kFloat64), 8u);
  EXPECT_EQ(gguf_scalar_bytes(GgufType::kString), 0u);
}

TEST(GgufWriter, WritesAFile) {
  const TestFolder folder;
  const std::string data = filled(8, 'd');
  const std::array<uint64_t, 1> two = {2};
  GgufWriter writer;
  writer.add("general.architecture", "llama");
  writer.add_tensor("w", DType::kF32, two, as_bytes(data));
  ASSERT_TRUE(writer.write(folder.path() / "m.gguf").ok());
  const auto mapped = MappedFile::open(folder.path() / "m.gguf").value();
  const auto file = GgufFile::parse(mapped.bytes(), "m.gguf").value();
  EXPECT_EQ(file.get_string("general.architecture").value(), "llama");
  EXPECT_EQ(writer.write("/proc/nothing/file").error().code(), ErrorCode::kNotFound);
}

TEST(GgufWriter, RefusesWhatTheReaderWould) {
  const std::string data = filled(64, 'd');
  const std::array<uint64_t, 1> two = {2};
  const auto refused = [](const GgufWriter& writer, std::string_view part) {
    const auto written = writer.bytes();
    ASSERT_FALSE(written.ok()) << part;
    EXPECT_EQ(written.error().code(), ErrorCode::kUsage);
    EXPECT_TRUE(contains(written.error().message(), part)) << written.error().message();
  };
  GgufWriter twice;
  twice.add("key", 1);
  twice.add("key", 2);
  refused(twice, "key occurs twice");
  GgufWriter short_data;
  short_data.add_tensor("w", DType::kF32, two, as_bytes(data).first(7));
  refused(short_data, "asks for 8 bytes of data, and 7 are given");
  GgufWriter same_name;
  same_name.add_tensor("w", DType::kF32, two, as_bytes(data).first(8));
  same_name.add_tensor("w", DType::kF32, two, as_bytes(data).first(8));
  refused(same_name, "w occurs twice");
  GgufWriter rank5;
  rank5.add_tensor("w", DType::kF32, std::array<uint64_t, 5>{1, 1, 1, 1, 1},
                   as_bytes(data).first(4));
  refused(rank5, "rank 5");
  refused(GgufWriter({.version = 3, .alignment = 0}), "general.alignment is 0");
  refused(GgufWriter({.version = 1, .alignment = 32}), "version 1");
}

}  // namespace
}  // namespace hearth
