// ui_imgui.cpp — ui.h on Dear ImGui (1.86 to 1.92): its SDL2 platform layer, drawn with SDL_RenderGeometry.
// The only C++ of the project. Knows nothing about pictures, models or runs.
#include "app/ui.h"

#include <SDL.h>
#include <imgui.h>
#include <imgui_internal.h>
#if IMGUI_VERSION_NUM < 18930
#include <backends/imgui_impl_sdl.h>
#else
#include <backends/imgui_impl_sdl2.h>
#endif

#include <math.h>
#include <stdio.h>
#include <string.h>

namespace
{

const float text_size = 17;

// Where distributions put fonts that have all of Latin; the built-in one is the last resort.
const char *const font_files[] = {
    "/usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf",
    "/usr/share/fonts/open-sans/OpenSans-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
};

// Roles, dark and light. Meaning never rests on a colour alone; the pairs stay apart for colour-blind readers.
const unsigned char palette[2][INK_COUNT][3] = {
    {{231, 234, 239},
     {150, 158, 171},
     {94, 169, 255},
     {94, 201, 180},
     {255, 190, 92},
     {255, 133, 113},
     {19, 21, 25},
     {28, 31, 37},
     {12, 13, 16},
     {58, 64, 75},
     {8, 9, 11}},
    {{28, 32, 38},
     {96, 104, 117},
     {20, 96, 196},
     {0, 118, 98},
     {158, 92, 0},
     {184, 44, 24},
     {238, 240, 243},
     {250, 251, 252},
     {222, 225, 230},
     {190, 197, 207},
     {250, 251, 252}},
};

struct state { // of the one window; Dear ImGui itself keeps its context in a global
    SDL_Texture *font;
    SDL_Renderer *renderer;
    float scale, density;
    int theme;
};
state ui;

ImVec4 colour(enum ui_ink ink, float opacity = 1)
{
    const unsigned char *c = palette[ui.theme][ink];
    return ImVec4(c[0] / 255.0F, c[1] / 255.0F, c[2] / 255.0F, opacity);
}

ImVec4 between(enum ui_ink a, enum ui_ink b, float part)
{
    const ImVec4 p = colour(a), q = colour(b);
    return ImVec4(p.x + (q.x - p.x) * part, p.y + (q.y - p.y) * part, p.z + (q.z - p.z) * part, 1);
}

ImU32 packed(enum ui_ink ink, float opacity = 1)
{
    return ImGui::ColorConvertFloat4ToU32(colour(ink, opacity));
}

void style()
{
    ImGuiStyle &s = ImGui::GetStyle();
    s = ImGuiStyle();
    s.WindowPadding = ImVec2(16, 14);
    s.FramePadding = ImVec2(10, 5);
    s.ItemSpacing = ImVec2(8, 7);
    s.WindowBorderSize = 0;
    s.WindowRounding = 0;
    s.FrameRounding = s.GrabRounding = s.PopupRounding = 5;
    s.ScrollbarSize = 11;
    s.ScrollbarRounding = 6;
    s.GrabMinSize = 12;
    s.DisabledAlpha = 0.42F;
    ImVec4 *c = s.Colors;
    c[ImGuiCol_Text] = colour(INK_TEXT);
    c[ImGuiCol_TextDisabled] = colour(INK_DIM);
    c[ImGuiCol_WindowBg] = colour(INK_PANEL);
    c[ImGuiCol_PopupBg] = between(INK_PANEL, INK_PAPER, 0.3F);
    c[ImGuiCol_Border] = colour(INK_EDGE);
    c[ImGuiCol_FrameBg] = between(INK_PANEL, INK_EDGE, 0.45F);
    c[ImGuiCol_FrameBgHovered] = between(INK_PANEL, INK_EDGE, 0.75F);
    c[ImGuiCol_FrameBgActive] = between(INK_PANEL, INK_EDGE, 0.95F);
    c[ImGuiCol_Button] = between(INK_PANEL, INK_EDGE, 0.75F);
    c[ImGuiCol_ButtonHovered] = between(INK_EDGE, INK_ACCENT, 0.25F);
    c[ImGuiCol_ButtonActive] = between(INK_EDGE, INK_ACCENT, 0.5F);
    c[ImGuiCol_SliderGrab] = colour(INK_ACCENT);
    c[ImGuiCol_SliderGrabActive] = colour(INK_ACCENT);
    c[ImGuiCol_CheckMark] = colour(INK_ACCENT);
    c[ImGuiCol_Header] = between(INK_PANEL, INK_ACCENT, 0.32F);
    c[ImGuiCol_HeaderHovered] = between(INK_PANEL, INK_ACCENT, 0.22F);
    c[ImGuiCol_HeaderActive] = between(INK_PANEL, INK_ACCENT, 0.42F);
    c[ImGuiCol_ScrollbarBg] = colour(INK_PANEL, 0);
    c[ImGuiCol_ScrollbarGrab] = colour(INK_EDGE);
    c[ImGuiCol_ScrollbarGrabHovered] = colour(INK_DIM);
    c[ImGuiCol_Separator] = between(INK_PANEL, INK_EDGE, 0.7F);
    c[ImGuiCol_NavHighlight] = colour(INK_ACCENT);
    c[ImGuiCol_TextSelectedBg] = between(INK_PANEL, INK_ACCENT, 0.5F);
    s.ScaleAllSizes(ui.scale);
}

bool load_font()
{
    ImGuiIO &io = ImGui::GetIO();
    const float size = floorf(text_size * ui.scale * ui.density);
    io.FontGlobalScale = 1 / ui.density;
    ImFont *font = nullptr;
    for (const char *file : font_files) {
        SDL_RWops *f = font ? nullptr : SDL_RWFromFile(file, "rb");
        if (!f) continue;
        SDL_RWclose(f);
        // Latin with all its accents: labels of models are in many languages
        static const ImWchar ranges[] = {0x20, 0x24F, 0x2010, 0x2026, 0x2190, 0x2193, 0x2212, 0x2212, 0};
        font = io.Fonts->AddFontFromFileTTF(file, size, nullptr, ranges);
    }
    if (!font) {
        ImFontConfig config;
        config.SizePixels = 13 * floorf(ui.scale * ui.density);
        io.Fonts->AddFontDefault(&config);
    }
    unsigned char *pixels;
    int w, h;
    io.Fonts->GetTexDataAsRGBA32(&pixels, &w, &h);
    ui.font = SDL_CreateTexture(ui.renderer, SDL_PIXELFORMAT_ABGR8888, SDL_TEXTUREACCESS_STATIC, w, h);
    if (!ui.font) return false;
    SDL_UpdateTexture(ui.font, nullptr, pixels, 4 * w);
    SDL_SetTextureBlendMode(ui.font, SDL_BLENDMODE_BLEND);
    SDL_SetTextureScaleMode(ui.font, SDL_ScaleModeLinear);
    io.Fonts->SetTexID((ImTextureID)(intptr_t)ui.font);
    return true;
}

void draw_command(SDL_Renderer *r, const ImDrawList *list, const ImDrawCmd *cmd)
{
    const SDL_Rect clip = {(int)cmd->ClipRect.x, (int)cmd->ClipRect.y, (int)(cmd->ClipRect.z - cmd->ClipRect.x),
                           (int)(cmd->ClipRect.w - cmd->ClipRect.y)};
    if (clip.w <= 0 || clip.h <= 0) return;
    SDL_RenderSetClipRect(r, &clip);
    const ImDrawVert *v = list->VtxBuffer.Data + cmd->VtxOffset;
    const ImDrawIdx *i = list->IdxBuffer.Data + cmd->IdxOffset;
    SDL_RenderGeometryRaw(r, (SDL_Texture *)(intptr_t)cmd->GetTexID(), &v->pos.x, sizeof *v,
                          (const SDL_Color *)(const void *)&v->col, sizeof *v, &v->uv.x, sizeof *v,
                          list->VtxBuffer.Size - (int)cmd->VtxOffset, i, (int)cmd->ElemCount, sizeof *i);
}

#if IMGUI_VERSION_NUM < 18700
// The platform layer of that version asks SDL where the mouse is on the screen, which SDL is not told on X11 while a
// button is held: nothing could be dragged. Where it is in the window, it is told always.
void held_mouse()
{
    int x, y;
    if (SDL_GetMouseState(&x, &y) && ImGui::IsMousePosValid()) ImGui::GetIO().MousePos = ImVec2((float)x, (float)y);
}
#endif

ImDrawList *list()
{
    return ImGui::GetWindowDrawList();
}

} // namespace

// --- the frame ----------------------------------------------------------------------------------------------------

bool ui_open(SDL_Window *window, SDL_Renderer *renderer, float scale, float density, bool dark)
{
    ui = state();
    ui.renderer = renderer;
    ui.scale = scale;
    ui.density = density;
    ui.theme = dark ? 0 : 1;
    ImGui::CreateContext();
    ImGuiIO &io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.ConfigWindowsMoveFromTitleBarOnly = true;
    style();
#if IMGUI_VERSION_NUM < 18700
    ImGui_ImplSDL2_InitForSDLRenderer(window);
#else
    ImGui_ImplSDL2_InitForSDLRenderer(window, renderer);
#endif
    return load_font();
}

void ui_close(void)
{
    if (!ui.renderer) return;
    ImGui_ImplSDL2_Shutdown();
    if (ui.font) SDL_DestroyTexture(ui.font);
    ImGui::DestroyContext();
    ui = state();
}

void ui_theme(bool dark)
{
    ui.theme = dark ? 0 : 1;
    style();
}

void ui_event(const SDL_Event *event)
{
    ImGui_ImplSDL2_ProcessEvent(event);
}

void ui_begin(void)
{
    ImGui_ImplSDL2_NewFrame();
#if IMGUI_VERSION_NUM < 18700
    held_mouse();
#endif
    ImGui::NewFrame();
}

void ui_end(SDL_Renderer *r)
{
    ImGui::Render();
    const ImDrawData *d = ImGui::GetDrawData();
    const unsigned char *c = palette[ui.theme][INK_PAPER];
    SDL_RenderSetScale(r, d->FramebufferScale.x, d->FramebufferScale.y);
    SDL_RenderSetClipRect(r, nullptr);
    SDL_SetRenderDrawColor(r, c[0], c[1], c[2], 255);
    SDL_RenderClear(r);
    for (int n = 0; n < d->CmdListsCount; n++) {
        const ImDrawList *l = d->CmdLists[n];
        for (const ImDrawCmd &cmd : l->CmdBuffer)
            if (!cmd.UserCallback) draw_command(r, l, &cmd);
    }
    SDL_RenderSetClipRect(r, nullptr);
}

bool ui_typing(void)
{
    return ImGui::GetIO().WantTextInput;
}

bool ui_steering(void)
{
    return ImGui::GetIO().NavVisible;
}

bool ui_busy(void)
{
    return ImGui::IsAnyItemActive();
}

float ui_scale(void)
{
    return ui.scale;
}

float ui_row(void)
{
    return ImGui::GetFrameHeightWithSpacing();
}

// --- areas --------------------------------------------------------------------------------------------------------

void ui_area(const char *id, struct rect r, enum ui_ink paper, bool scrolls)
{
    ImGuiWindowFlags flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                             ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus;
    if (scrolls)
        flags &= ~ImGuiWindowFlags_NoScrollbar;
    else
        flags |= ImGuiWindowFlags_NoScrollWithMouse;
    ImGui::SetNextWindowPos(ImVec2(r.x, r.y));
    ImGui::SetNextWindowSize(ImVec2(r.w, r.h));
    ImGui::PushStyleColor(ImGuiCol_WindowBg, colour(paper));
    ImGui::Begin(id, nullptr, flags);
    ImGui::PopStyleColor();
}

void ui_area_front(const char *id, struct rect r)
{
    ImGui::SetNextWindowPos(ImVec2(r.x, r.y));
    ImGui::SetNextWindowSize(ImVec2(r.w, r.h));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8 * ui.scale);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
    ImGui::Begin(id, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoFocusOnAppearing);
    ImGui::PopStyleVar(2);
}

void ui_area_end(void)
{
    ImGui::End();
}

float ui_left(void)
{
    return ImGui::GetContentRegionAvail().x;
}

void ui_beside(float gap)
{
    ImGui::SameLine(0, gap * ui.scale);
}

void ui_space(float height)
{
    ImGui::Dummy(ImVec2(0, height * ui.scale));
}

void ui_gap(float width)
{
    ImGui::Dummy(ImVec2(width, 0));
}

void ui_rule(void)
{
    ImGui::Separator();
}

void ui_width(float width)
{
    ImGui::SetNextItemWidth(width);
}

void ui_off(bool off)
{
    ImGui::BeginDisabled(off);
}

void ui_on(void)
{
    ImGui::EndDisabled();
}

void ui_name(const char *id)
{
    ImGui::PushID(id);
}

void ui_unname(void)
{
    ImGui::PopID();
}

// --- controls -----------------------------------------------------------------------------------------------------

void ui_say(enum ui_ink ink, const char *text)
{
    ImGui::AlignTextToFramePadding();
    ImGui::PushStyleColor(ImGuiCol_Text, colour(ink));
    ImGui::TextUnformatted(text);
    ImGui::PopStyleColor();
}

void ui_tell(enum ui_ink ink, const char *text)
{
    ImGui::PushStyleColor(ImGuiCol_Text, colour(ink));
    ImGui::PushTextWrapPos(0);
    ImGui::TextUnformatted(text);
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
}

void ui_head(const char *text)
{
    ImGui::SetWindowFontScale(1.25F);
    ImGui::TextUnformatted(text);
    ImGui::SetWindowFontScale(1);
}

bool ui_button(const char *text, float width, enum ui_tone tone)
{
    const enum ui_ink ink = tone == TONE_MAIN ? INK_ACCENT : INK_BAD;
    const bool strong = tone == TONE_MAIN || tone == TONE_BAD;
    if (strong) {
        ImGui::PushStyleColor(ImGuiCol_Button, colour(ink));
        ImGui::PushStyleColor(ImGuiCol_ButtonHovered, between(ink, INK_TEXT, 0.2F));
        ImGui::PushStyleColor(ImGuiCol_ButtonActive, between(ink, INK_TEXT, 0.35F));
        ImGui::PushStyleColor(ImGuiCol_Text, ui.theme ? ImVec4(1, 1, 1, 1) : ImVec4(0.05F, 0.06F, 0.08F, 1));
    } else if (tone == TONE_QUIET) {
        ImGui::PushStyleColor(ImGuiCol_Button, colour(INK_PANEL, 0));
    }
    const bool used = ImGui::Button(text, ImVec2(width, strong ? 38 * ui.scale : 0));
    if (strong) ImGui::PopStyleColor(4);
    if (tone == TONE_QUIET) ImGui::PopStyleColor(1);
    return used;
}

bool ui_check(const char *text, bool *on)
{
    return ImGui::Checkbox(text, on);
}

bool ui_whole(const char *id, uint32_t *v, uint32_t low, uint32_t high, uint32_t most, const char *unit)
{
    char format[40];
    uint32_t now = *v;
    snprintf(format, sizeof format, "%%u%s%s", unit ? " " : "", unit ? unit : "");
    if (!ImGui::SliderScalar(id, ImGuiDataType_U32, &now, &low, &high, format)) return false;
    *v = now < low ? low : now > most ? most : now;
    return true;
}

bool ui_real(const char *id, double *v, double low, double high, double most, const char *format)
{
    double now = *v;
    if (!ImGui::SliderScalar(id, ImGuiDataType_Double, &now, &low, &high, format)) return false;
    *v = now < low ? low : now > most ? most : now;
    return true;
}

bool ui_field(const char *id, char *text, size_t room, const char *hint)
{
    return ImGui::InputTextWithHint(id, hint, text, room,
                                    ImGuiInputTextFlags_AutoSelectAll | ImGuiInputTextFlags_EnterReturnsTrue);
}

bool ui_field_digits(const char *id, char *text, size_t room)
{
    return ImGui::InputText(id, text, room, ImGuiInputTextFlags_CharsDecimal | ImGuiInputTextFlags_AutoSelectAll);
}

void ui_focus(void)
{
    ImGui::SetKeyboardFocusHere();
}

bool ui_list(const char *id, const char *shown)
{
    return ImGui::BeginCombo(id, shown, ImGuiComboFlags_HeightLarge);
}

bool ui_item(const char *text, bool chosen)
{
    const bool used = ImGui::Selectable(text, chosen);
    if (chosen && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
    return used;
}

bool ui_step(const char *text)
{
    return ImGui::Selectable(text, false, ImGuiSelectableFlags_DontClosePopups);
}

void ui_list_open(const char *id)
{
    // the name under which a combo box keeps its list, in all versions since 1.86
    const ImGuiID combo = ImGui::GetID(id);
    ImGui::OpenPopup(ImHashStr("##ComboPopup", 0, combo));
}

void ui_list_close(void)
{
    ImGui::CloseCurrentPopup();
}

bool ui_appearing(void)
{
    return ImGui::IsWindowAppearing();
}

void ui_list_end(void)
{
    ImGui::EndCombo();
}

bool ui_tab(const char *text, bool chosen, float width)
{
    ImGui::PushStyleColor(ImGuiCol_Button,
                          chosen ? between(INK_PANEL, INK_ACCENT, 0.3F) : between(INK_PANEL, INK_EDGE, 0.35F));
    ImGui::PushStyleColor(ImGuiCol_Text, chosen ? colour(INK_TEXT) : colour(INK_DIM));
    const bool used = ImGui::Button(text, ImVec2(width, 0));
    ImGui::PopStyleColor(2);
    return used;
}

void ui_tip(const char *text)
{
    if (!ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) return;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10 * ui.scale, 8 * ui.scale));
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(320 * ui.scale);
    ImGui::TextUnformatted(text);
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
    ImGui::PopStyleVar();
}

void ui_bar(double fraction, float width, float height)
{
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float part = (float)(fraction < 0 ? 0 : fraction > 1 ? 1 : fraction), r = height / 2;
    list()->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                          ImGui::ColorConvertFloat4ToU32(between(INK_PANEL, INK_EDGE, 0.6F)), r);
    if (part * width > 1) list()->AddRectFilled(at, ImVec2(at.x + part * width, at.y + height), packed(INK_ACCENT), r);
    ImGui::Dummy(ImVec2(width, height));
}

// --- shapes -------------------------------------------------------------------------------------------------------

bool ui_spot(const char *id, struct rect r)
{
    ImGui::SetCursorScreenPos(ImVec2(r.x, r.y));
    return ImGui::InvisibleButton(id, ImVec2(r.w > 1 ? r.w : 1, r.h > 1 ? r.h : 1));
}

bool ui_tile(const char *id, float edge, struct rect *r, bool *seen)
{
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool used = ImGui::InvisibleButton(id, ImVec2(edge, edge));
    *r = {at.x, at.y, edge, edge};
    *seen = ImGui::IsItemVisible();
    return used;
}

bool ui_over(void)
{
    return ImGui::IsItemHovered();
}

bool ui_held(void)
{
    return ImGui::IsItemActive();
}

bool ui_pulled(void)
{
    return ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 8 * ui.scale);
}

void ui_cursor(enum ui_cursor cursor)
{
    ImGui::SetMouseCursor(cursor == CURSOR_GIVES ? ImGuiMouseCursor_Hand : ImGuiMouseCursor_NotAllowed);
}

void ui_mouse(float *x, float *y)
{
    *x = ImGui::GetIO().MousePos.x;
    *y = ImGui::GetIO().MousePos.y;
}

float ui_wheel(void)
{
    return ImGui::GetIO().MouseWheel;
}

void ui_fill(struct rect r, enum ui_ink ink, float opacity, float rounding)
{
    list()->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), packed(ink, opacity), rounding);
}

void ui_paint(struct rect r, uint8_t red, uint8_t green, uint8_t blue)
{
    list()->AddRectFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), IM_COL32(red, green, blue, 255));
}

void ui_edge(struct rect r, enum ui_ink ink, float thickness, float rounding)
{
    list()->AddRect(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), packed(ink), rounding, 0, thickness);
}

void ui_picture(SDL_Texture *t, struct rect r, float rounding)
{
    const ImVec2 a(r.x, r.y), b(r.x + r.w, r.y + r.h);
    if (rounding > 0)
        list()->AddImageRounded((ImTextureID)(intptr_t)t, a, b, ImVec2(0, 0), ImVec2(1, 1), IM_COL32_WHITE, rounding);
    else
        list()->AddImage((ImTextureID)(intptr_t)t, a, b);
}

void ui_wedge(struct rect r, enum ui_ink ink)
{
    list()->AddTriangleFilled(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h / 2), ImVec2(r.x, r.y + r.h), packed(ink));
}

void ui_words(float x, float y, enum ui_ink ink, float size, const char *text)
{
    list()->AddText(ImGui::GetFont(), ImGui::GetFontSize() * size, ImVec2(x, y), packed(ink), text);
}

float ui_words_width(float size, const char *text)
{
    return ImGui::CalcTextSize(text).x * size;
}

void ui_clip(struct rect r)
{
    ImGui::PushClipRect(ImVec2(r.x, r.y), ImVec2(r.x + r.w, r.y + r.h), true);
}

void ui_unclip(void)
{
    ImGui::PopClipRect();
}
