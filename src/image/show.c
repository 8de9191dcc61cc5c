// show.c — a picture on a terminal, through chafa. Knows nothing about where the picture came from.
#define _GNU_SOURCE // environ
#include "image/image.h"

#ifndef VKDIT_CHAFA

bool image_show(const struct image *im, uint32_t cells, void *file, struct err *e)
{
    (void)im, (void)cells, (void)file;
    return err_set(e, ERR_UNSUPPORTED, "built without chafa: pictures cannot be shown on the terminal");
}

#else

#include <chafa.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_CELLS = 80, DEFAULT_ROWS = 40, CELL_W = 8, CELL_H = 16 };

struct screen {
    int columns, rows, cell_w, cell_h;
    bool terminal;
};

static struct screen ask_screen(FILE *file)
{
    struct screen s = {DEFAULT_CELLS, DEFAULT_ROWS, CELL_W, CELL_H, isatty(fileno(file)) == 1};
    struct winsize size = {0};
    if (!s.terminal || ioctl(fileno(file), TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) return s;
    s.columns = size.ws_col;
    s.rows = size.ws_row > 1 ? size.ws_row - 1 : 1; // the prompt
    if (size.ws_xpixel && size.ws_ypixel) {
        s.cell_w = size.ws_xpixel / size.ws_col;
        s.cell_h = size.ws_ypixel / size.ws_row;
    }
    if (s.cell_w < 1) s.cell_w = CELL_W;
    if (s.cell_h < 1) s.cell_h = CELL_H;
    return s;
}

// Real pixels where the terminal says it can draw them, character cells elsewhere.
static ChafaPixelMode pixel_mode(const ChafaTermInfo *term, bool terminal)
{
    if (!terminal) return CHAFA_PIXEL_MODE_SYMBOLS;
    if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_BEGIN_KITTY_IMMEDIATE_IMAGE_V1)) return CHAFA_PIXEL_MODE_KITTY;
    if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_BEGIN_ITERM2_IMAGE)) return CHAFA_PIXEL_MODE_ITERM2;
    if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_BEGIN_SIXELS)) return CHAFA_PIXEL_MODE_SIXELS;
    return CHAFA_PIXEL_MODE_SYMBOLS;
}

static ChafaCanvasMode colours(const ChafaTermInfo *term)
{
    const char *never = getenv("NO_COLOR"), *kind = getenv("TERM");
    if ((never && *never) || (kind && !strcmp(kind, "dumb"))) return CHAFA_CANVAS_MODE_FGBG;
    if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_SET_COLOR_FGBG_DIRECT)) return CHAFA_CANVAS_MODE_TRUECOLOR;
    if (chafa_term_info_have_seq(term, CHAFA_TERM_SEQ_SET_COLOR_FGBG_256)) return CHAFA_CANVAS_MODE_INDEXED_240;
    return CHAFA_CANVAS_MODE_INDEXED_16;
}

struct style {
    ChafaPixelMode pixels;
    ChafaCanvasMode colours;
};

static GString *draw(const struct image *im, const struct screen *s, struct style style, ChafaTermInfo *term)
{
    gint columns = s->columns, rows = s->rows;
    chafa_calc_canvas_geometry((gint)im->w, (gint)im->h, &columns, &rows, (gfloat)s->cell_w / (gfloat)s->cell_h, TRUE,
                               FALSE);
    ChafaSymbolMap *symbols = chafa_symbol_map_new();
    chafa_symbol_map_add_by_tags(symbols, CHAFA_SYMBOL_TAG_BLOCK | CHAFA_SYMBOL_TAG_BORDER | CHAFA_SYMBOL_TAG_SPACE);
    ChafaCanvasConfig *config = chafa_canvas_config_new();
    chafa_canvas_config_set_geometry(config, columns, rows);
    chafa_canvas_config_set_cell_geometry(config, s->cell_w, s->cell_h);
    chafa_canvas_config_set_canvas_mode(config, style.colours);
    chafa_canvas_config_set_pixel_mode(config, style.pixels);
    chafa_canvas_config_set_symbol_map(config, symbols);
    ChafaCanvas *canvas = chafa_canvas_new(config);
    chafa_canvas_draw_all_pixels(canvas, CHAFA_PIXEL_RGB8, im->rgb, (gint)im->w, (gint)im->h, (gint)im->w * 3);
    GString *text = chafa_canvas_print(canvas, term);
    chafa_canvas_unref(canvas);
    chafa_canvas_config_unref(config);
    chafa_symbol_map_unref(symbols);
    return text;
}

bool image_show(const struct image *im, uint32_t cells, void *file, struct err *e)
{
    struct screen screen = ask_screen(file);
    if (cells) screen.columns = (int)min_u32(cells, 1000);
    if (cells && !screen.terminal) screen.rows = screen.columns;
    ChafaTermDb *db = chafa_term_db_new();
    ChafaTermInfo *term = chafa_term_db_detect(db, environ);
    const struct style style = {pixel_mode(term, screen.terminal), colours(term)};
    // an unknown terminal still gets its colours and cursor from the common set of sequences, which holds
    // everything: what the terminal itself can do had to be asked before
    ChafaTermInfo *common = chafa_term_db_get_fallback_info(db);
    chafa_term_info_supplement(term, common);
    GString *text = draw(im, &screen, style, term);
    const bool ok = fwrite(text->str, 1, text->len, file) == text->len && fputc('\n', file) != EOF && !fflush(file);
    if (!ok) err_set(e, ERR_IO, "cannot draw on the terminal: %s", strerror(errno));
    g_string_free(text, TRUE);
    chafa_term_info_unref(common);
    chafa_term_info_unref(term);
    chafa_term_db_unref(db);
    return ok;
}

#endif
