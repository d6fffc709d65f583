// SentencePiece behind C: models are read, and for tests and benchmarks run, without any C++ type or exception
// reaching the caller. Not thread-safe per model except for reads.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct glcs_model glcs_model;

/// What a piece is, as far as the library says.
enum {
  GLCS_NORMAL = 0,
  GLCS_UNKNOWN = 1,
  GLCS_CONTROL = 2,
  GLCS_UNUSED = 3,
  GLCS_BYTE = 4,
};

/// Loads a serialized model. Returns NULL and puts a text into `reason` (with its terminating NUL at most
/// `reason_size` bytes, which must be > 0) when the library refuses it.
glcs_model *glcs_open(const void *bytes, size_t size, char *reason, size_t reason_size);
void glcs_close(glcs_model *model);

int32_t glcs_piece_count(const glcs_model *model);
int32_t glcs_unknown_id(const glcs_model *model);

/// Piece `id`. The text belongs to the model. Returns 0, or -1 where there is no such piece.
int glcs_piece(const glcs_model *model, int32_t id, const char **text, size_t *size, float *score, int *kind);

/// Encodes a text into at most `capacity` ids and returns how many there are in all, or -1 on failure.
int64_t glcs_encode(const glcs_model *model, const char *text, size_t size, int32_t *ids, size_t capacity);

/// Encodes a text, and also says what the library normalized it to: the texts of its pieces, one behind the other (0.1.97 has no
/// other way). A byte piece stands there as its byte. At most `id_capacity` ids and `normalized_capacity` bytes are
/// written; how many there are in all is put into `id_count` and `normalized_size`. Returns 0, or -1 on failure.
int glcs_encode_normalized(const glcs_model *model, const char *text, size_t size, int32_t *ids, size_t id_capacity,
                           size_t *id_count, char *normalized, size_t normalized_capacity, size_t *normalized_size);

#ifdef __cplusplus
}
#endif
