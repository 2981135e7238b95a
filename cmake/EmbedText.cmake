# Writes OUT, a C++ source that defines the string DEFINITION, declared in HEADER, as the bytes of the file TEXT.
file(READ ${TEXT} text)
file(WRITE ${OUT} "#include \"${HEADER}\"\n\nconst char *const ${DEFINITION} = R\"-text-(${text})-text-\";\n")
