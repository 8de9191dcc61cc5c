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
string(APPEND text "static const struct blob blobs[] = {\n${rows}};\n"
    "const struct blob *blob_at(uint32_t i) { return i < COUNTOF(blobs) ? &blobs[i] : NULL; }\n"
    "const struct blob *blob_find(const char *name)\n{\n"
    "    for (uint32_t i = 0; i < COUNTOF(blobs); i++)\n"
    "        if (!strcmp(blobs[i].name, name)) return &blobs[i];\n    return NULL;\n}\n")
file(WRITE ${OUT} "${text}")
