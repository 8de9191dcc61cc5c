// tick.glsl — word offsets of struct tick (src/kernels/tick.h), which a test compares. `now` is declared with
// WORDS_IN or WORDS_OUT before these are used.
const uint TICK_REGS = 10;
const uint TICK_SRC = 12;
const uint TICK_MOD = 0;
const uint TICK_IN_REG = 1;
const uint TICK_USE_VAR = 2;
const uint TICK_N_REGS = 3;
const uint TICK_CFG = 4;
const uint TICK_IN_SCALE = 5;
const uint TICK_VAR_LO = 6;
const uint TICK_VAR_HI = 7;
const uint TICK_SEED = 8;
const uint TICK_OFFSET = 10;
const uint TICK_SUBSEQUENCES = 12;
const uint TICK_MATRIX = 16;
const uint TICK_WORDS = 136;
