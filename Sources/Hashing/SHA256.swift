import CLibCrypto

/// SHA-256 (FIPS 180-4) of bytes that arrive piece by piece, by OpenSSL's libcrypto, which uses the processor's instructions for it.
package final class SHA256 {
  /// Found once: finding it takes longer than hashing a short text. In a context of its own, which no
  /// `openssl.cnf` of the machine changes. It is never written, and libcrypto lets any thread read it.
  nonisolated(unsafe) private static let algorithm: OpaquePointer = {
    // A program may end while a thread still hashes: libcrypto is not to tear itself down then.
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    guard let context = OSSL_LIB_CTX_new(), let found = EVP_MD_fetch(context, "SHA2-256", nil) else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    return found
  }()

  /// Bytes in a digest.
  private static let size = 32

  private let state: OpaquePointer

  /// Before the first byte.
  package init() {
    guard let state = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
    self.state = state
    begin()
  }

  deinit { EVP_MD_CTX_free(state) }

  private func begin() {
    let begun = EVP_DigestInit_ex2(state, Self.algorithm, nil)
    precondition(begun == 1, "libcrypto refuses to begin a SHA-256")
  }

  /// Takes the next bytes.
  package func update(_ bytes: UnsafeRawBufferPointer) {
    let taken = EVP_DigestUpdate(state, bytes.baseAddress, bytes.count)
    precondition(taken == 1, "libcrypto refuses bytes of a SHA-256")
  }

  /// Takes the next bytes.
  package func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes(update) }

  /// The 32 bytes of the digest of all that was taken; what is taken from here on belongs to a new one.
  package func finish() -> [UInt8] {
    let digest = [UInt8](unsafeUninitializedCapacity: Self.size) { buffer, count in
      let finished = EVP_DigestFinal_ex(state, buffer.baseAddress, nil)
      precondition(finished == 1, "libcrypto refuses to end a SHA-256")
      count = Self.size
    }
    begin()
    return digest
  }
}
