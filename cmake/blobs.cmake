# Writes blobs.c: every SPIR-V module as words, and the table that gpu.h declares.
set(text "#include \"gpu/gpu.h\"\n#include <string.h>\n")
set(rows "")
foreach(name ${NAMES})
    file(READ ${DIR}/${name}.spv hex HEX)
    string(LENGTH "${hex}" digits)
    math(EXPR bytes "${digits} / 2")
    string(REGEX REPLACE "(..)(..)(..)(..)" "0x\\4\\3\\2\\1," words "${hex}")
    string(APPEND text "static const uint32_t spv_${name}[] = {${words}};\n")
    string(APPEND rows "    {\"${name}\", spv_${name}, ${bytes}},\n")
endforeach()
string(APPEND text "static const struct blob blobs[] = {\n${rows}    {NULL, NULL, 0},\n};\n"
    "const struct blob *blob_at(uint32_t i)\n{\n"
    "    for (const struct blob *b = blobs; b->name; b++)\n        if (i-- == 0) return b;\n    return NULL;\n}\n"
    "const struct blob *blob_find(const char *name)\n{\n"
    "    for (const struct blob *b = blobs; b->name; b++)\n"
    "        if (!strcmp(b->name, name)) return b;\n    return NULL;\n}\n")
file(WRITE ${OUT} "${text}")
