#pragma once
#include <cblas.h>

// The library holds LAPACK too, but no header of it is installed with it. Matrices are column-major; `info` is 0 on success.

/// Cholesky factor of a symmetric positive definite n × n matrix, in its triangle `uplo` ("L" or "U").
extern void dpotrf_(const char *uplo, const blasint *n, double *a, const blasint *lda, blasint *info);
/// Inverse of a triangular n × n matrix, in place; `diag` "N": its diagonal is not one throughout.
extern void dtrtri_(const char *uplo, const char *diag, const blasint *n, double *a, const blasint *lda, blasint *info);
