#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

struct glcs_model {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {
void set_reason(char *reason, size_t size, const char *text) {
  std::strncpy(reason, text, size - 1);
  reason[size - 1] = '\0';
}

/// The byte that a byte piece, `<0x41>`, stands for.
char byte_of(const std::string &piece) {
  return piece.size() == 6 ? static_cast<char>(std::strtoul(piece.substr(3, 2).c_str(), nullptr, 16)) : '\0';
}
}  // namespace

glcs_model *glcs_open(const void *bytes, size_t size, char *reason, size_t reason_size) {
  glcs_model *model = nullptr;
  try {
    model = new glcs_model;
    const auto status =
        model->processor.LoadFromSerializedProto(absl::string_view(static_cast<const char *>(bytes), size));
    if (status.ok()) return model;
    set_reason(reason, reason_size, status.ToString().c_str());
  } catch (const std::exception &error) {
    set_reason(reason, reason_size, error.what());
  } catch (...) {
    set_reason(reason, reason_size, "unknown C++ exception");
  }
  delete model;
  return nullptr;
}

void glcs_close(glcs_model *model) { delete model; }

int32_t glcs_piece_count(const glcs_model *model) { return model->processor.GetPieceSize(); }

int32_t glcs_unknown_id(const glcs_model *model) { return model->processor.unk_id(); }

int glcs_piece(const glcs_model *model, int32_t id, const char **text, size_t *size, float *score, int *kind) {
  try {
    const auto &processor = model->processor;
    if (id < 0 || id >= processor.GetPieceSize()) return -1;
    const std::string &piece = processor.IdToPiece(id);
    *text = piece.data();
    *size = piece.size();
    *score = processor.GetScore(id);
    *kind = processor.IsUnknown(id)   ? GLCS_UNKNOWN
            : processor.IsControl(id) ? GLCS_CONTROL
            : processor.IsUnused(id)  ? GLCS_UNUSED
            : processor.IsByte(id)    ? GLCS_BYTE
                                      : GLCS_NORMAL;
    return 0;
  } catch (...) {
    return -1;
  }
}

int64_t glcs_encode(const glcs_model *model, const char *text, size_t size, int32_t *ids, size_t capacity) {
  try {
    std::vector<int> found;
    const auto status = model->processor.Encode(absl::string_view(text, size), &found);
    if (!status.ok()) return -1;
    for (size_t i = 0; i < found.size() && i < capacity; ++i) ids[i] = found[i];
    return static_cast<int64_t>(found.size());
  } catch (...) {
    return -1;
  }
}

int glcs_encode_normalized(const glcs_model *model, const char *text, size_t size, int32_t *ids, size_t id_capacity,
                           size_t *id_count, char *normalized, size_t normalized_capacity, size_t *normalized_size) {
  try {
    const auto &processor = model->processor;
    sentencepiece::ImmutableSentencePieceText found;
    if (!processor.Encode(absl::string_view(text, size), found.mutable_proto()).ok()) return -1;
    std::string joined;
    *id_count = found.pieces_size();
    for (size_t i = 0; i < *id_count; ++i) {
      const auto piece = found.pieces(static_cast<int>(i));
      const int id = static_cast<int>(piece.id());
      if (i < id_capacity) ids[i] = id;
      if (processor.IsByte(id)) {
        joined += byte_of(piece.piece());
      } else {
        joined += piece.piece();
      }
    }
    *normalized_size = joined.size();
    std::copy_n(joined.data(), std::min(joined.size(), normalized_capacity), normalized);
    return 0;
  } catch (...) {
    return -1;
  }
}
