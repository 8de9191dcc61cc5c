// test_sha256.c — the published examples of FIPS 180-4, and the same bytes in pieces of every size.
#include "base/sha256.h"
#include "check.h"

#include <string.h>

static void of(const void *data, uint64_t bytes, uint64_t piece, char out[65])
{
    struct sha256 s;
    sha256_open(&s);
    for (uint64_t at = 0; at < bytes; at += piece)
        sha256_add(&s, (const char *)data + at, bytes - at < piece ? bytes - at : piece);
    sha256_text(&s, out);
}

int main(void)
{
    static const struct {
        const char *text, *hash;
    } known[] = {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
                 {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                 {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    char got[65], whole[65];
    for (size_t i = 0; i < COUNTOF(known); i++) {
        of(known[i].text, strlen(known[i].text), 1000, got);
        CHECK(!strcmp(got, known[i].hash), "\"%s\": %s", known[i].text, got);
    }
    static char million[1000000];
    memset(million, 'a', sizeof million);
    of(million, sizeof million, sizeof million, whole);
    CHECK(!strcmp(whole, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"), "a million a: %s", whole);
    for (uint64_t piece = 1; piece < 200; piece += 7) {
        of(million, 3000, 3000, whole);
        of(million, 3000, piece, got);
        CHECK(!strcmp(got, whole), "in pieces of %llu", (unsigned long long)piece);
    }
    return check_done();
}
