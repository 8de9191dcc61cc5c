// report.c — any JSON report as readable text: aligned keys, tables for lists of like objects. Knows no report.
#include "cli/cli.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_COLUMNS = 12, TEXT = 1000, WIDTH = 110, LEAST_LAST = 30, DEEPEST = 40 };

static bool is_scalar(const json_t *v)
{
    return !json_is_object(v) && !json_is_array(v);
}

static void bytes_text(char *out, size_t room, uint64_t v)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    uint32_t u = 0;
    double x = (double)v;
    for (; x >= 1024 && u + 1 < COUNTOF(unit); u++) x /= 1024;
    snprintf(out, room, u ? "%.1f %s" : "%.0f %s", x, unit[u]);
}

// Sizes are named ..._bytes; everything else is printed as it is.
static const char *scalar_text(char *out, size_t room, const char *key, const json_t *v)
{
    if (json_is_string(v))
        text_clean(out, room, json_string_value(v), json_string_length(v));
    else if (json_is_integer(v) && key && text_ends(key, "bytes") && json_integer_value(v) >= 0)
        bytes_text(out, room, (uint64_t)json_integer_value(v));
    else if (json_is_integer(v))
        snprintf(out, room, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    else if (json_is_real(v))
        snprintf(out, room, "%.6g", json_real_value(v));
    else
        snprintf(out, room, "%s", json_is_true(v) ? "yes" : json_is_false(v) ? "no" : "-");
    return out;
}

static const char *key_text(char *out, size_t room, const char *key)
{
    text_clean(out, room, key, strlen(key));
    if (text_ends(out, "_bytes")) out[strlen(out) - 6] = 0;
    for (char *at = out; *at; at++)
        if (*at == '_') *at = ' ';
    return out;
}

static bool all_scalars(const json_t *array)
{
    size_t i;
    json_t *v;
    json_array_foreach(array, i, v) if (!is_scalar(v)) return false;
    return true;
}

static int text_columns(const char *s) // characters, not bytes
{
    int n = 0;
    for (; *s; s++) n += (*s & 0xC0) != 0x80;
    return n;
}

static const char *cell_text(char *out, size_t room, const char *key, const json_t *v)
{
    if (!json_is_array(v)) return scalar_text(out, room, key, v);
    size_t i, at = 0;
    json_t *item;
    *out = 0;
    json_array_foreach(v, i, item)
    {
        char one[TEXT];
        at += (size_t)snprintf(out + at, room - at, "%s%s", i ? ", " : "", scalar_text(one, sizeof one, key, item));
        if (at >= room) break;
    }
    return out;
}

// Objects whose members are scalars or short lists, all with the first one's keys: a table when it fits the line.
static bool table_widths(const json_t *array, int *width, size_t *columns)
{
    const json_t *first = json_array_get(array, 0);
    char text[TEXT];
    const char *key;
    json_t *v, *row;
    size_t i;
    if (json_array_size(array) < 2 || !json_is_object(first) || json_object_size(first) > MAX_COLUMNS) return false;
    *columns = 0;
    json_object_foreach((json_t *)first, key, v) width[(*columns)++] = text_columns(key_text(text, sizeof text, key));
    json_array_foreach(array, i, row)
    {
        if (!json_is_object(row) || json_object_size(row) != *columns) return false;
        size_t k = 0;
        json_object_foreach((json_t *)first, key, v)
        {
            const json_t *cell = json_object_get(row, key);
            if (!cell || json_is_object(cell) || (json_is_array(cell) && !all_scalars(cell))) return false;
            const int n = text_columns(cell_text(text, sizeof text, key, cell));
            width[k] = n > width[k] ? n : width[k];
            k++;
        }
    }
    int total = 0;
    for (size_t k = 0; k + 1 < *columns; k++) total += width[k] + 2;
    return total < WIDTH - LEAST_LAST; // the last column may wrap
}

static void table_row(FILE *out, const json_t *first, const json_t *row, const int *width, size_t columns, int indent)
{
    const char *key;
    json_t *v;
    size_t k = 0;
    int at = indent;
    fprintf(out, "%*s", indent, "");
    json_object_foreach((json_t *)first, key, v)
    {
        char text[TEXT];
        if (row)
            cell_text(text, sizeof text, key, json_object_get(row, key));
        else
            key_text(text, sizeof text, key);
        if (++k == columns) {
            help_wrap(out, text, at, at, WIDTH);
            break;
        }
        fprintf(out, "%s%*s", text, width[k - 1] + 2 - text_columns(text), "");
        at += width[k - 1] + 2;
    }
}

static void print_object(FILE *out, const json_t *object, int indent, bool colour);

static void print_array(FILE *out, const json_t *array, int indent, bool colour)
{
    int width[MAX_COLUMNS];
    size_t columns, i;
    json_t *row;
    if (indent > DEEPEST) {
        fprintf(out, "%*s...\n", indent, "");
        return;
    }
    if (table_widths(array, width, &columns)) {
        fputs(cli_bold(colour), out);
        table_row(out, json_array_get(array, 0), NULL, width, columns, indent);
        fputs(cli_plain(colour), out);
        json_array_foreach(array, i, row) table_row(out, json_array_get(array, 0), row, width, columns, indent);
        return;
    }
    json_array_foreach(array, i, row)
    {
        char text[TEXT];
        if (json_is_object(row)) {
            if (i) fputc('\n', out);
            print_object(out, row, indent, colour);
        } else if (json_is_array(row) && !all_scalars(row)) {
            print_array(out, row, indent + 2, colour);
        } else {
            fprintf(out, "%*s%s\n", indent, "", cell_text(text, sizeof text, NULL, row));
        }
    }
}

static void print_member(FILE *out, const char *key, const json_t *v, int indent, int width, bool colour)
{
    char name[TEXT], text[TEXT];
    key_text(name, sizeof name, key);
    const bool list = json_is_array(v) && all_scalars(v);
    if ((json_is_object(v) && !json_object_size(v)) || (json_is_array(v) && !json_array_size(v))) {
        fprintf(out, "%*s%-*s  none\n", indent, "", width, name);
    } else if (is_scalar(v) || list) {
        cell_text(text, sizeof text, key, v);
        fprintf(out, "%*s%-*s  ", indent, "", width, name);
        help_wrap(out, text, indent + width + 2, indent + width + 2, WIDTH);
    } else {
        fprintf(out, "%*s%s%s%s\n", indent, "", cli_bold(colour), name, cli_plain(colour));
        if (json_is_object(v))
            print_object(out, v, indent + 2, colour);
        else
            print_array(out, v, indent + 2, colour);
    }
}

static void print_object(FILE *out, const json_t *object, int indent, bool colour)
{
    const char *key;
    json_t *v;
    int width = 0;
    if (indent > DEEPEST) {
        fprintf(out, "%*s...\n", indent, "");
        return;
    }
    json_object_foreach((json_t *)object, key, v)
    {
        char name[TEXT];
        const int n = text_columns(key_text(name, sizeof name, key));
        if (is_scalar(v) && n > width && n <= 32) width = n;
    }
    json_object_foreach((json_t *)object, key, v) print_member(out, key, v, indent, width, colour);
}

void report_print(FILE *out, const json_t *value, int indent, bool colour)
{
    char text[TEXT];
    if (json_is_object(value))
        print_object(out, value, indent, colour);
    else if (json_is_array(value))
        print_array(out, value, indent, colour);
    else
        fprintf(out, "%*s%s\n", indent, "", scalar_text(text, sizeof text, NULL, value));
}
