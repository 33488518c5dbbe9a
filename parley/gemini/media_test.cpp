#include "parley/gemini/media.hpp"

#include <gtest/gtest.h>

#include "parley/json/codec.hpp"

namespace parley::gemini {
namespace {

TEST(GeminiMedia_D11, KindsAreToldByTheirTypesAndNames) {
  EXPECT_EQ(media_kind("image/png"), MediaKind::image);
  EXPECT_EQ(media_kind("Audio/PCM;rate=16000"), MediaKind::audio);
  EXPECT_EQ(media_kind("video/mp4"), MediaKind::video);
  EXPECT_EQ(media_kind("application/pdf"), MediaKind::document);
  EXPECT_EQ(media_kind("text/csv"), MediaKind::text);
  EXPECT_EQ(media_kind("application/zip"), MediaKind::unknown);
  EXPECT_EQ(mime_type_of("holiday.JPEG"), "image/jpeg");
  EXPECT_EQ(mime_type_of("a.tar.zst"), "");
  EXPECT_EQ(mime_type_of("README"), "");
}

TEST(GeminiMedia_D11, BytesBase64AndAddressesBecomeParts) {
  EXPECT_EQ(json::encode_text(*media_part_of_base64("AAEC", "image/png")),
            R"({"inlineData":{"mimeType":"image/png","data":"AAEC"}})");
  EXPECT_EQ(json::encode_text(*media_part_of_url("gs://bucket/a.mp4", "video/mp4")),
            R"({"fileData":{"fileUri":"gs://bucket/a.mp4","mimeType":"video/mp4"}})");
  EXPECT_EQ(json::encode_text(*media_part_of_url("https://youtu.be/x")),
            R"({"fileData":{"fileUri":"https://youtu.be/x"}})");
  File file;
  file.uri = "https://files/x";
  file.mime_type = "application/pdf";
  EXPECT_EQ(json::encode_text(media_part_of(file)),
            R"({"fileData":{"fileUri":"https://files/x","mimeType":"application/pdf"}})");
}

TEST(GeminiMedia_D11_D29, WhatIsNotTakenIsRefusedWithItsReason) {
  const auto reason = [](const auto& result) {
    return result ? std::string() : std::string(result.error().detail("reason").value());
  };
  EXPECT_EQ(reason(media_part_of_base64("no base64!", "image/png")), "base64");
  EXPECT_EQ(reason(media_part(Bytes(), "application/zip")), "media_type");
  EXPECT_EQ(reason(media_part_of_url("file:///etc/passwd")), "url");
  EXPECT_EQ(reason(media_part_of_url("https://a", "application/zip")), "media_type");
  std::vector<Content> contents(1, user_content("look"));
  contents[0].parts->push_back(*media_part(Bytes(3), "image/png"));
  EXPECT_EQ(reason(check_media("models/gemini-embedding-001", contents)), "multimodal");
  EXPECT_EQ(check_media("models/gemini-embedding-001", contents).error().message(),
            "models/gemini-embedding-001 takes no images: contents[0].parts[1]");
  EXPECT_TRUE(check_media("gemini-2.5-flash", contents));
  EXPECT_FALSE(check_media("gemini-3.5-transcribe-live", contents)) << "sound alone";
}

}  // namespace
}  // namespace parley::gemini
