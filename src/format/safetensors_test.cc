// SPDX-License-Identifier: Apache-2.0
// The safetensors reader on sound files, and on files that are cut short, damaged, or made to break
// a reader.
#include "format/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/strings.h"

namespace hearth {
namespace {

// A file of this header and so many bytes of data, counting up from 0.
std::string file_of(std::string_view header, std::size_t data_bytes) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  file += header;
  for (std::size_t i = 0; i < data_bytes; ++i) file += static_cast<char>(i);
  return file;
}

Result<SafetensorsFile> parse(const std::string& content) {
  return SafetensorsFile::parse(std::as_bytes(std::span(content)), "m.safetensors");
}

void expect_error(const std::string& content, ErrorCode code, std::string_view fragment) {
  const auto parsed = parse(content);
  ASSERT_FALSE(parsed.ok()) << fragment;
  EXPECT_EQ(parsed.error().code(), code) << parsed.error().message();
  const std::string& message = parsed.error().message();
  EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks: " << fragment;
  EXPECT_TRUE(message.starts_with("m.safetensors: ")) << message;
  EXPECT_NE(message.find("; "), std::string::npos) << message;
}

void expect_corrupt(std::string_view header, std::size_t data_bytes, std::string_view fragment) {
  expect_error(file_of(header, data_bytes), ErrorCode::kCorrupt, fragment);
}

TEST(Safetensors, ReadsTensorsByName) {
  const std::string content = file_of(
      R"({"__metadata__" : {"format":"pt","rank":"8"}, "w":{"dtype":"F32","shape":[2,1],)"
      R"("data_offsets":[4,12]},"a.b":{"shape":[2],"data_offsets":[0,4],"dtype":"BF16"}}   )",
      12);
  const auto file = parse(content);
  ASSERT_TRUE(file.ok()) << file.error().message();
  ASSERT_EQ(file->tensors().size(), 2u);
  EXPECT_EQ(file->tensors()[0].name, "a.b");
  const SafetensorsTensor* w = file->find("w");
  ASSERT_NE(w, nullptr);
  EXPECT_EQ(w->type, SafetensorsType::kF32);
  EXPECT_EQ(w->shape, (std::vector<uint64_t>{2, 1}));
  EXPECT_EQ(w->shape_text(), "[2, 1]");
  EXPECT_EQ(w->value_count(), 2u);
  ASSERT_EQ(w->data.size(), 8u);
  EXPECT_EQ(w->data[0], std::byte{4});
  EXPECT_EQ(file->find("a.b")->data.size(), 4u);
  EXPECT_EQ(file->find("b"), nullptr);
  ASSERT_EQ(file->metadata().size(), 2u);
  EXPECT_EQ(file->metadata()[1].first, "rank");
  EXPECT_EQ(file->metadata()[1].second, "8");
}

TEST(Safetensors, ReadsEveryType) {
  constexpr std::pair<std::string_view, uint32_t> kTypes[] = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
      {"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2},  {"U8", 1},  {"BOOL", 1}};
  for (const auto& [name, bytes] : kTypes) {
    const auto file = parse(file_of(
        concat(R"({"w":{"dtype":")", name, R"(","shape":[3],"data_offsets":[0,)", 3 * bytes, "]}}"),
        3 * bytes));
    ASSERT_TRUE(file.ok()) << file.error().message();
    const SafetensorsType type = file->tensors()[0].type;
    EXPECT_EQ(safetensors_type_name(type), name);
    EXPECT_EQ(safetensors_type_bytes(type), bytes);
    EXPECT_EQ(safetensors_dtype(type).has_value(),
              name == "F32" || name == "F16" || name == "BF16");
  }
  EXPECT_EQ(safetensors_dtype(SafetensorsType::kBF16), DType::kBF16);
}

TEST(Safetensors, ReadsScalarsAndEmptyTensors) {
  const auto file = parse(file_of(R"({"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]},)"
                                  R"("e":{"dtype":"F16","shape":[4,0],"data_offsets":[2,2]}})",
                                  2));
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file->find("s")->value_count(), 1u);
  EXPECT_EQ(file->find("e")->value_count(), 0u);
  const auto nothing = parse(file_of("{}", 0));
  ASSERT_TRUE(nothing.ok()) << nothing.error().message();
  EXPECT_TRUE(nothing->tensors().empty());
}

TEST(Safetensors, UnescapesNames) {
  const auto file = parse(file_of(
      R"({"\u00e9\n\"\\\/\ud83d\ude00é":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1));
  ASSERT_TRUE(file.ok()) << file.error().message();
  EXPECT_EQ(file->tensors()[0].name, "\u00e9\n\"\\/\U0001f600\u00e9");
}

TEST(Safetensors, RefusesWhatIsCutShort) {
  const std::string whole = file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  ASSERT_TRUE(parse(whole).ok());
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const auto parsed = parse(whole.substr(0, bytes));
    ASSERT_FALSE(parsed.ok()) << bytes;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kCorrupt);
  }
  expect_error("", ErrorCode::kCorrupt, "ends inside the length");
  expect_error(whole + "x", ErrorCode::kCorrupt, "end at byte 8 of 9");
}

TEST(Safetensors, RefusesHeadersOfBadLength) {
  std::string file = file_of("{}", 0);
  file[7] = '\x7f';
  expect_error(file, ErrorCode::kCorrupt, "not a safetensors file");
  const uint64_t just_too_long = kSafetensorsHeaderBytesMax + 1;
  std::memcpy(file.data(), &just_too_long, 8);
  expect_error(file, ErrorCode::kCorrupt, "at most 100000000");
  const uint64_t longer_than_the_file = kSafetensorsHeaderBytesMax;
  std::memcpy(file.data(), &longer_than_the_file, 8);
  expect_error(file, ErrorCode::kCorrupt, "ends inside its header");
  expect_corrupt("", 0, "does not begin with '{'");
  expect_corrupt(" {}", 0, "does not begin with '{'");
}

TEST(Safetensors, RefusesBytesThatShapesDoNotAskFor) {
  expect_corrupt(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}})", 8,
                 "which is 8 bytes");
  expect_corrupt(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}})", 8, "of the 8 bytes");
  expect_corrupt(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", 8,
                 "before it begins");
  expect_corrupt(R"({"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 8,
                 "overflows");
  expect_corrupt(R"({"w":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}})", 0,
                 "overflows");
  expect_corrupt(
      R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[18446744073709551615,18446744073709551616]}})",
      1, "64 bits");
}

TEST(Safetensors, RefusesOverlapsAndHoles) {
  const auto two = [](std::string_view first, std::string_view second) {
    return concat(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)", first,
                  R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)", second, "}}");
  };
  EXPECT_TRUE(parse(file_of(two("[4,8]", "[0,4]"), 8)).ok());
  expect_corrupt(two("[0,4]", "[3,7]"), 7, "overlap");
  expect_corrupt(two("[0,4]", "[0,4]"), 4, "overlap");
  expect_corrupt(two("[0,4]", "[5,9]"), 9, "hole");
  expect_corrupt(two("[1,5]", "[5,9]"), 9, "hole");
  expect_corrupt("{}", 1, "of 1 bytes");
}

TEST(Safetensors, RefusesRepetition) {
  const std::string entry = R"("w":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  expect_corrupt(concat("{", entry, ",", entry, "}"), 0, "tensor w occurs twice");
  expect_corrupt(R"({"w":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0,
                 "dtype of tensor w occurs twice");
  expect_corrupt(R"({"w":{"dtype":"U8","shape":[0],"shape":[0],"data_offsets":[0,0]}})", 0,
                 "shape of tensor w occurs twice");
  expect_corrupt(R"({"__metadata__":{},"__metadata__":{}})", 0, "occurs twice");
  expect_corrupt(R"({"__metadata__":{"k":"1","l":"","k":"2"}})", 0, "entry k");
}

TEST(Safetensors, RefusesWhatTheFormatDoesNotKnow) {
  expect_error(file_of(R"({"w":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]}})", 0),
               ErrorCode::kUnsupported, "F8_E4M3");
  expect_error(
      file_of(R"({"w":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", 1),
      ErrorCode::kUnsupported, "dimensions");
  expect_corrupt(R"({"w":{"dtype":"U8","shape":[0]}})", 0, "lacks its data_offsets");
  expect_corrupt(R"({"w":{"shape":[0],"data_offsets":[0,0]}})", 0, "lacks its dtype");
  expect_corrupt(R"({"w":{"dtype":"U8","data_offsets":[0,0]}})", 0, "lacks its shape");
  expect_corrupt(R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}})", 0, "member x");
  expect_corrupt(R"({"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}})", 0, "']'");
  expect_corrupt(R"({"w":1})", 0, "'{'");
  expect_corrupt(R"({"__metadata__":{"k":1}})", 0, "'\"'");
}

TEST(Safetensors, RefusesJsonThatIsNone) {
  constexpr std::pair<std::string_view, std::string_view> kBroken[] = {
      {"{", "ends where"},
      {"{}x", "behind its end"},
      {"{,}", "'\"' is expected"},
      {R"({"w":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}})", "natural number"},
      {R"({"w":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}})", "begins with 0"},
      {R"({"w":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}})", "natural number"},
      {R"({"w":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}})", "natural number"},
      {R"({"w":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", "natural number"},
      {R"({"w":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]}})", "64 bits"},
      {R"({"w":{"dtype":"U8","shape":[1] "data_offsets":[0,1]}})", "',' is expected"},
      {R"({"w)", "inside a string"},
      {R"({"w\)", "inside a string"},
      {R"({"\x":{}})", "unknown escape"},
      {R"({"\ud800":{}})", "surrogate"},
      {R"({"\ud800\u0041":{}})", "surrogate"},
      {R"({"\udc00":{}})", "surrogate"},
      {R"({"\u12g4":{}})", "hexadecimal"},
      {"{\"a\nb\":{}}", "control character"},
      {"{\"a\xff\":{}}", "not UTF-8"},
  };
  for (const auto& [header, fragment] : kBroken) expect_corrupt(header, 1, fragment);
  expect_corrupt(concat(R"({")", std::string(kSafetensorsNameBytesMax + 1, 'n'), R"(":{}})"), 0,
                 "1024 bytes");
}

}  // namespace
}  // namespace hearth
