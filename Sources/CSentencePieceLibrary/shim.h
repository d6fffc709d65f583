// Names the Debian package that CSentencePiece needs (see the provider in Package.swift). The C++ header itself is
// included only inside CSentencePiece, because Swift sees the library through that target's C functions alone.
#pragma once
