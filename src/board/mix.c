// mix.c — lists of edits: adding, copying, presets as JSON. Knows neither the language nor tables.
#include "board/mix.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, PRESET_BYTES = 1 << 20 };

void mix_close(struct mix *m)
{
    free(m->edit);
    *m = (struct mix){0};
}

bool mix_add(struct mix *m, const struct mix_edit *edit, struct err *e)
{
    if (m->live >= MIX_EDITS) return err_set(e, ERR_ARG, "more than %d edits", (int)MIX_EDITS);
    if (!mem_grow(&m->edit, &m->cap, m->live + 1, sizeof *m->edit, e)) return false;
    m->edit[m->live++] = *edit;
    m->n = m->live;
    return true;
}

bool mix_copy(struct mix *to, const struct mix *from, struct err *e)
{
    *to = (struct mix){0};
    if (!mem_grow(&to->edit, &to->cap, max_u32(from->n, 1), sizeof *to->edit, e)) return false;
    if (from->n) memcpy(to->edit, from->edit, from->n * sizeof *from->edit);
    to->n = from->n;
    to->live = from->live;
    return true;
}

char *mix_to_json(const struct mix *m, struct err *e)
{
    json_t *edits = json_array();
    for (uint32_t i = 0; i < m->live; i++) {
        char text[MIX_TEXT];
        if (json_array_append_new(edits, json_string(mix_text(&m->edit[i], text, sizeof text)))) err_memory(e, 0);
    }
    json_t *root = json_pack("{si, so}", "vkdit_mix", FORMAT, "edits", edits);
    char *text = e->code == ERR_NONE ? json_text(root, JSON_INDENT(2) | JSON_PRESERVE_ORDER, e) : NULL;
    json_decref(root);
    return text;
}

static bool read_edits(struct mix *m, const json_t *root, struct err *e)
{
    const json_t *format = json_object_get(root, "vkdit_mix"), *edits = json_object_get(root, "edits");
    const json_t *edit;
    const char *key;
    size_t i;
    json_t *value;
    if (!json_is_integer(format) || !json_is_array(edits))
        return err_set(e, ERR_FORMAT, "not a preset: \"vkdit_mix\" (a number) and \"edits\" (a list) are wanted");
    if (json_integer_value(format) != FORMAT)
        return err_set(e, ERR_FORMAT, "the preset has format %" JSON_INTEGER_FORMAT ", this program reads %d",
                       json_integer_value(format), (int)FORMAT);
    json_object_foreach((json_t *)root, key, value)
    {
        char shown[60];
        if (strcmp(key, "vkdit_mix") && strcmp(key, "edits") && strcmp(key, "name") && strcmp(key, "remark"))
            return err_set(e, ERR_FORMAT, "a preset has no \"%s\"", text_clean(shown, sizeof shown, key, strlen(key)));
    }
    json_array_foreach(edits, i, edit)
    {
        const char *text = json_string_value(edit);
        if (!text || strlen(text) != json_string_length(edit))
            return err_set(e, ERR_FORMAT, "edit %zu of the preset is not text", i);
        if (!mix_parse(m, text, e)) return false;
    }
    return true;
}

bool mix_from_json(struct mix *m, const void *text, uint64_t bytes, struct err *e)
{
    struct mix more = {0};
    json_t *root = json_read(text, bytes, PRESET_BYTES, e);
    bool ok = root && read_edits(&more, root, e);
    for (uint32_t i = 0; ok && i < more.n; i++) ok = mix_add(m, &more.edit[i], e);
    json_decref(root);
    mix_close(&more);
    return ok;
}
