// table.c — the list of every op. A new op is one row in its own file and two lines here.
#include "kernels/vocab.h"

extern const struct op_row op_linear_row, op_linear_gate_row, op_linear_add_row, op_attention_row;
extern const struct op_row op_norm_mod_row, op_norm_row;
extern const struct op_row op_timestep_embed_row, op_gather_row, op_pair_add_row, op_table_put_row;
extern const struct op_row op_add_row, op_activate_row, op_slice_cols_row;
extern const struct op_row op_patchify_row, op_unpatchify_row, op_guide_row;
extern const struct op_row op_advance_row, op_sample_row, op_randn_row;
extern const struct op_row op_conv_row, op_gn_stats_row, op_gn_merge_row, op_gn_apply_row;
extern const struct op_row op_transpose_row, op_upsample2_row, op_to_bytes_row;

const struct op_row *const op_table[] = {
    &op_linear_row,         &op_linear_gate_row, &op_linear_add_row,
    &op_attention_row,      &op_norm_mod_row,    &op_norm_row,
    &op_timestep_embed_row, &op_gather_row,      &op_pair_add_row,
    &op_table_put_row,      &op_add_row,         &op_activate_row,
    &op_slice_cols_row,     &op_patchify_row,    &op_unpatchify_row,
    &op_guide_row,          &op_advance_row,     &op_sample_row,
    &op_randn_row,          &op_conv_row,        &op_gn_stats_row,
    &op_gn_merge_row,       &op_gn_apply_row,    &op_transpose_row,
    &op_upsample2_row,      &op_to_bytes_row,    NULL,
};
