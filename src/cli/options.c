// options.c — the option table. Everything that can be said about an option is said here, once.
#include "cli/args.h"

#define AT(field) offsetof(struct settings, field)

static const char model_group[] = "Model", device_group[] = "Device", picture_group[] = "Picture";
static const char sampling_group[] = "Sampling", sit_group[] = "Sampling, SiT only", start_group[] = "Starting point";
static const char mix_group[] = "Mixing board";
static const char result_group[] = "Results", general_group[] = "General";
static const char bench_group[] = "Measuring";

const struct option option_table[] = {
    {"model", "--ckpt --diffusion-model", 'm', "FILE", .kind = &kind_text, .at = AT(model), .env = "VKDIT_MODEL",
     .commands = IN_MODEL | IN_BENCH, .recipe = true, .group = model_group,
     .help = "checkpoint: a .safetensors or .pt file, the index of a sharded set, a diffusers folder, or one of those "
             "that \"vkdit models\" lists"},
    {"synthetic", .value = "NAME", .kind = &kind_text, .at = AT(synthetic), .commands = IN_MODEL | IN_BENCH,
     .recipe = true, .group = model_group,
     .help = "instead of a checkpoint: seeded random weights in a published shape (\"DiT-S/2\", \"SiT-XL/2-512\", "
             "\"tiny\"). "
             "For trying things out; the pictures mean nothing"},
    {"vae", .value = "FILE", .kind = &kind_text, .at = AT(vae),
     .commands = IN_GENERATE | IN_TRACE | IN_EVAL | IN_INSPECT | IN_BENCH, .recipe = true, .group = model_group,
     .help = "autoencoder, file or folder, when the model has none beside it"},
    {"tiny-vae", .value = "FILE", .kind = &kind_text, .at = AT(tiny_vae), .commands = IN_GENERATE | IN_EVAL | IN_WINDOW,
     .group = model_group, .help = "tiny decoder for previews, in TAESD's layout, when the autoencoder names none"},
    {"assets", .value = "FOLDER", .kind = &kind_text, .at = AT(assets), .env = "VKDIT_ASSETS",
     .commands = IN_MODEL | IN_MODELS | IN_BENCH, .group = model_group,
     .help = "where the models that ship lie, when not beside the program"},
    {"root", .value = "NAME", .kind = &kind_text, .at = AT(root), .commands = IN_MODEL, .recipe = true,
     .group = model_group,
     .help = "which dictionary of a .pt file to use: \"ema\", \"model\", ...; by default ema when there is one"},
    {"heads", .value = "N", .kind = &kind_u32, .at = AT(heads), .min = 1, .max = 1024, .commands = IN_MODEL,
     .recipe = true, .group = model_group, .help = "attention heads, for files that do not say"},
    {"sit", .kind = &kind_flag, .at = AT(family), .constant = 1, .commands = IN_MODEL, .recipe = true,
     .group = model_group, .help = "the checkpoint is a SiT, for files that do not say"},
    {"dit", .kind = &kind_flag, .at = AT(family), .constant = -1, .commands = IN_MODEL, .recipe = true,
     .group = model_group, .help = "the checkpoint is a DiT, for files that do not say"},
    {"precision", .value = "TYPE", .kind = &kind_choice, .at = AT(precision), .words = "auto fp32 fp16",
     .commands = IN_MODEL | IN_BENCH, .recipe = true, .group = model_group,
     .help = "arithmetic of the transformer; auto takes fp16 where the device is good at it"},
    {"weights", .value = "TYPE", .kind = &kind_choice, .at = AT(weights), .words = "full q8 q4",
     .commands = IN_MODEL | IN_BENCH, .recipe = true, .group = model_group,
     .help =
         "how the blocks' matrices lie on the device: as the precision says, or packed in 8 or 4 bits, which takes a "
         "quarter or an eighth of the memory and changes the picture a little"},
    {"numerics", .value = "WHOSE", .kind = &kind_choice, .at = AT(numerics), .words = "auto original diffusers",
     .commands = IN_MODEL, .recipe = true, .group = model_group,
     .help = "whose arithmetic to follow where the original code and diffusers differ; auto goes by the files"},

    {"device", .value = "WHICH", .kind = &kind_text, .at = AT(device), .env = "VKDIT_DEVICE",
     .commands = IN_MODEL | IN_DEVICES | IN_BENCH | IN_SELFTEST, .group = device_group,
     .help = "device by index, part of its name, or UUID, as \"vkdit devices\" lists them"},
    {"limit", .value = "LIST", .kind = &kind_text, .at = AT(limit), .env = "VKDIT_LIMIT",
     .commands = IN_MODEL | IN_DEVICES | IN_BENCH | IN_SELFTEST, .group = device_group,
     .help = "a test aid: pretend that the device can do less, for example max_storage_buffer_range=64M,no_fp16"},
    {"cache", .value = "FOLDER", .kind = &kind_text, .at = AT(cache), .commands = IN_MODEL | IN_BENCH | IN_SELFTEST,
     .group = device_group, .help = "where compiled pipelines are kept; \"none\" keeps none"},
    {"validation", .kind = &kind_flag, .at = AT(validation), .commands = IN_MODEL | IN_BENCH | IN_SELFTEST,
     .group = device_group, .help = "run under the Khronos validation layer; any complaint is a failure"},

    {"class", NULL, 'c', "LIST", .kind = &kind_text, .at = AT(classes), .commands = IN_GENERATE | IN_TRACE | IN_TUNE,
     .recipe = true, .group = picture_group,
     .help = "one picture for each class, by number or (part of a) name: 207,360 or \"golden retriever\"; without it "
             "the seed picks"},
    {"batch", NULL, 'b', "N", .kind = &kind_u32, .at = AT(batch), .min = 1, .max = 4096,
     .commands = IN_GENERATE | IN_TRACE | IN_TUNE, .recipe = true, .group = picture_group,
     .help = "repeat the list of classes N times in one run; the pictures share one random stream"},
    {"count", "--batch-count --repeat", .value = "N", .kind = &kind_u32, .at = AT(count), .min = 1, .max = 1000000,
     .commands = IN_GENERATE, .group = picture_group, .help = "do N runs one after another, each with the next seed"},
    {"seed", "-S", 's', "N", .kind = &kind_seed, .at = AT(seed), .commands = IN_GENERATE | IN_TRACE, .recipe = true,
     .group = picture_group, .help = "start of the random numbers, or \"random\"; 0 when not given"},
    {"rng", .value = "KIND", .kind = &kind_choice, .at = AT(rng), .words = "torch philox",
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = picture_group,
     .help = "random numbers as PyTorch draws them on a CPU (torch) or on a CUDA GPU (philox)"},
    {"philox-threads", .value = "N", .kind = &kind_u32, .at = AT(philox_threads), .min = 1, .max = 1 << 24,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = picture_group,
     .help = "threads of the imitated CUDA GPU: the numbers depend on them"},
    {"width", NULL, 'W', "N", .kind = &kind_u32, .at = AT(width), .min = 1, .max = 65536, .commands = IN_GENERATE,
     .recipe = true, .group = picture_group, .help = "width in pixels; refused unless the model can make it"},
    {"height", NULL, 'H', "N", .kind = &kind_u32, .at = AT(height), .min = 1, .max = 65536, .commands = IN_GENERATE,
     .recipe = true, .group = picture_group, .help = "height in pixels; refused unless the model can make it"},
    {"size", "--image-size", .value = "WxH", .kind = &kind_size, .at = AT(size), .min = 1, .max = 65536,
     .commands = IN_GENERATE, .recipe = true, .group = picture_group,
     .help = "width and height at once, 256x256 or 256 for both; refused unless the model can make it"},

    {"steps", "--num-sampling-steps --infer-steps --num-inference-steps", .value = "N", .kind = &kind_u32,
     .at = AT(steps), .min = 1, .max = 100000, .commands = IN_GENERATE | IN_TRACE, .recipe = true,
     .group = sampling_group,
     .help = "sampling steps; by default as many as the model advises, or the sampler's own number"},
    {"sampler", "--sampling-method --steps-from", .value = "NAME", .kind = &kind_text, .at = AT(sampler),
     .known = sampler_names, .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sampling_group,
     .help = "one of those that \"vkdit samplers\" lists; by default the model's own"},
    {"spacing", .value = "NAME", .kind = &kind_text, .at = AT(spacing), .commands = IN_GENERATE | IN_TRACE,
     .recipe = true, .group = sampling_group,
     .help = "how timesteps are spread: even, ddim, leading, trailing, linspace; for SiT points, which counts the ends "
             "too"},
    {"cfg-scale", "--cfg --guidance-scale", .value = "X", .kind = &kind_real, .at = AT(cfg_scale), .min = 1e-6,
     .max = 1000, .commands = IN_GENERATE | IN_TRACE | IN_TUNE, .recipe = true, .group = sampling_group,
     .help = "classifier-free guidance; 1 switches it off, by default the model's own"},
    {"cfg-channels", .value = "N", .kind = &kind_u32, .at = AT(cfg_channels), .min = 1, .max = 99,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sampling_group,
     .help = "guide the first N latent channels only; DiT and SiT guide 3 as their authors do, 99 means all"},
    {"cfg-interval", .value = "A,B", .kind = &kind_interval, .at = AT(cfg_interval), .min = 0, .max = 1,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sampling_group,
     .help = "guide only between these fractions of the run, 0 is its start; a step outside takes half as long"},
    {"negative-class", "--negative", .value = "CLASS", .kind = &kind_text, .at = AT(negative), .commands = IN_GENERATE,
     .recipe = true, .group = sampling_group, .help = "guide away from this class instead of from \"no class\""},
    {"epsilon-scale", .value = "X", .kind = &kind_real, .at = AT(epsilon_scale), .min = 0.5, .max = 2,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sampling_group,
     .help = "divide the noise that the model finds by X; a little more than 1, such as 1.02, gives back contrast and "
             "detail that are lost on the way. By default the model's own, or 1"},
    {"eta", .value = "X", .kind = &kind_real, .at = AT(eta), .min = 0, .max = 1, .commands = IN_GENERATE | IN_TRACE,
     .recipe = true, .group = sampling_group, .help = "noise of DDIM: 0 none, 1 as much as DDPM"},

    {"path", "--path-type", .value = "NAME", .kind = &kind_word, .at = AT(path), .words = "linear gvp vp",
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group,
     .help = "path between noise and picture that the model was trained on"},
    {"target", "--prediction", .value = "NAME", .kind = &kind_word, .at = AT(target), .words = "velocity noise score",
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group, .help = "what the model predicts"},
    {"shift", "--flow-shift", .value = "X", .kind = &kind_real, .at = AT(shift), .min = 0.01, .max = 100,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group,
     .help = "more than 1: smaller steps where there is much noise and larger ones at the end; by default the model's "
             "own, or 1"},
    {"diffusion-form", "--diffusion", .value = "NAME", .kind = &kind_word, .at = AT(diffusion),
     .words = "sigma sbdm linear decreasing increasing-decreasing constant", .commands = IN_GENERATE | IN_TRACE,
     .recipe = true, .group = sit_group, .help = "how much noise the SDE samplers add along the way"},
    {"diffusion-norm", .value = "X", .kind = &kind_real, .at = AT(diffusion_norm), .min = 1e-6, .max = 1000,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group,
     .help = "factor of that noise, 1 by default"},
    {"last-step", .value = "NAME", .kind = &kind_word, .at = AT(last_step), .words = "mean euler tweedie none",
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group,
     .help = "how the SDE samplers end, mean by default"},
    {"last-step-size", .value = "X", .kind = &kind_real, .at = AT(last_step_size), .min = 1e-6, .max = 0.999,
     .commands = IN_GENERATE | IN_TRACE, .recipe = true, .group = sit_group,
     .help = "length of that last step, 0.04 by default"},
    {"atol", .value = "X", .kind = &kind_real, .at = AT(atol), .min = 1e-12, .max = 1, .commands = IN_GENERATE,
     .recipe = true, .group = sit_group, .help = "absolute tolerance of dopri5, 1e-6 by default"},
    {"rtol", .value = "X", .kind = &kind_real, .at = AT(rtol), .min = 1e-12, .max = 1, .commands = IN_GENERATE,
     .recipe = true, .group = sit_group, .help = "relative tolerance of dopri5, 1e-3 by default"},

    {"init-image", "--init-img", 'i', "FILE", .kind = &kind_text, .at = AT(init_image), .commands = IN_GENERATE,
     .recipe = true, .group = start_group,
     .help = "start from this PNG, or from \"latent\" of a .safetensors file, instead of pure noise; see --strength"},
    {"strength", .value = "X", .kind = &kind_real, .at = AT(strength), .min = 1e-6, .max = 1, .commands = IN_GENERATE,
     .recipe = true, .group = start_group,
     .help =
         "how much of the run is done on --init-image: small keeps most of it, 1 keeps nothing; 0.75 when not given"},
    {"noise", .value = "FILE", .kind = &kind_text, .at = AT(noise), .commands = IN_GENERATE, .recipe = true,
     .group = start_group,
     .help = "take \"z\", \"noise\" and, unless --class is given, \"y\" from this .safetensors file instead of drawing "
             "them"},
    {"load-table", .value = "FILE", .kind = &kind_text, .at = AT(load_table), .commands = IN_GENERATE, .recipe = true,
     .group = start_group, .help = "use this modulation table (see --save-table) instead of the computed one"},
    {"mix", .value = "EDIT", .kind = &kind_texts, .at = AT(mix), .commands = IN_GENERATE | IN_TRACE, .recipe = true,
     .group = mix_group,
     .help = "edit the modulation: \"block[8:16].gate_mlp*=0.5\", \"mute block[3].gamma_msa[0:64]\", \"freeze block "
             "t=500\", \"blend block class=207 amount=0.5\", or a preset FILE.json; may be given several times. "
             "docs/mixing-board.md has the whole language"},
    {"diff", .value = "FILE", .kind = &kind_text, .at = AT(diff), .commands = IN_GENERATE, .group = mix_group,
     .help = "with --mix: run again without the edits, tell how far apart the pictures are (PSNR), and write a PNG of "
             "both and of their difference, enlarged four times"},
    {"observe", .value = "N", .without = "8", .kind = &kind_u32, .at = AT(observe), .min = 1, .max = 64,
     .commands = IN_TRACE, .group = mix_group,
     .help = "run the model and look inside at N steps: what each branch adds to the stream, and the spatial frequency "
             "of every channel"},
    {"channel", .value = "PLACE", .kind = &kind_texts, .at = AT(channel), .commands = IN_TRACE, .group = mix_group,
     .help =
         "lay what a channel holds over the forming pictures: \"block[5].mlp_in[12]\", also attn_in and out; may be "
         "given several times; implies --observe"},
    {"strip", .value = "PLACE", .kind = &kind_texts, .at = AT(strip), .commands = IN_TRACE, .group = mix_group,
     .help =
         "draw all channels of a vector over the run: \"block[3].scale_msa\"; may be given several times; by default "
         "the scales of the middle block"},
    {"sort", .value = "HOW", .kind = &kind_choice, .at = AT(sort), .words = "index size change", .commands = IN_TRACE,
     .group = mix_group, .help = "order of the channels in a strip"},
    {"npz", .kind = &kind_flag, .at = AT(npz), .commands = IN_TRACE, .group = mix_group,
     .help = "write the numbers as trace.npz too, which numpy.load reads"},
    {"from", .value = "PNG", .kind = &kind_text, .at = AT(from), .commands = IN_GENERATE, .group = start_group,
     .help = "repeat the run that the metadata of this picture describes; options on the command line override it"},
    {"only", .value = "INDEX", .kind = &kind_u32, .at = AT(only), .min = 0, .max = 1000000, .commands = IN_GENERATE,
     .group = start_group,
     .help = "save only the picture with this index, from 0; the others of the run are still computed, they share its "
             "random stream"},

    {"output", "--out", 'o', "PATTERN", .kind = &kind_text, .at = AT(output),
     .commands = IN_GENERATE | IN_TRACE | IN_WINDOW, .group = result_group,
     .help = "where pictures go: %d or %03d is a running number, {seed} {class} {step} {index} are filled in, a folder "
             "takes "
             "the usual names, \"-\" is standard output; with \"vkdit trace\", the folder to write into"},
    {"force", "--overwrite", 'f', .kind = &kind_flag, .at = AT(force), .commands = IN_GENERATE, .group = result_group,
     .help = "replace existing pictures; otherwise a free number is appended"},
    {"grid", .value = "COLUMNS", .without = "4", .kind = &kind_u32, .at = AT(grid), .min = 1, .max = 4096,
     .commands = IN_GENERATE, .recipe = true, .group = result_group,
     .help = "one picture of all pictures of a run, in rows of 4 or as many as said"},
    {"show", .kind = &kind_flag, .at = AT(show), .commands = IN_GENERATE, .group = result_group,
     .help = "draw finished pictures on the terminal"},
    {"show-steps", .kind = &kind_flag, .at = AT(show_steps), .commands = IN_GENERATE, .group = result_group,
     .help = "draw the forming picture on the terminal now and then, see --preview-with"},
    {"preview", .value = "FILE", .kind = &kind_text, .at = AT(preview), .commands = IN_GENERATE, .group = result_group,
     .help = "keep the forming picture in this PNG, see --preview-with; it is replaced as the run goes on"},
    {"preview-with", .value = "WHAT", .kind = &kind_choice, .at = AT(preview_with), .words = "auto rough decoder tiny",
     .commands = IN_GENERATE | IN_WINDOW, .group = result_group,
     .help = "what draws it: rough colours, the tiny decoder or the whole one; auto takes the best that 3 % of the "
             "steps' time allow"},
    {"film", .value = "FILE", .kind = &kind_text, .at = AT(film), .commands = IN_GENERATE, .group = result_group,
     .help = "save the stages from noise to picture, for a run of one picture: as a strip (.png), an animation (.webp) "
             "or, where ffmpeg is installed, a movie (.mp4)"},
    {"film-frames", .value = "N", .kind = &kind_u32, .at = AT(film_frames), .min = 2, .max = 64,
     .commands = IN_GENERATE, .group = result_group,
     .help = "stages of --film; 8 in a strip and 24 in an animation when not given"},
    {"latent-out", .value = "FILE", .kind = &kind_text, .at = AT(latent_out), .commands = IN_GENERATE,
     .group = result_group, .help = "save the finished latent as .safetensors"},
    {"trajectory", .value = "FILE", .kind = &kind_text, .at = AT(trajectory), .commands = IN_GENERATE,
     .group = result_group, .help = "save every state, estimate and noise of the run as .safetensors"},
    {"save-table", .value = "FILE", .kind = &kind_text, .at = AT(save_table), .commands = IN_GENERATE,
     .group = result_group,
     .help = "save the modulation table of the run (every shift, scale and gate) as .safetensors"},
    {"no-metadata", .kind = &kind_flag, .at = AT(no_metadata), .commands = IN_GENERATE, .group = result_group,
     .help = "write pictures without the text that says how they were made"},
    {"in", .value = "FILE", .kind = &kind_text, .at = AT(in), .commands = IN_EVAL, .group = result_group,
     .help = ".safetensors with x, t, y (and cfg_scale); for an autoencoder z or latent, or image"},
    {"out", .value = "FILE", .kind = &kind_text, .at = AT(out), .commands = IN_EVAL, .group = result_group,
     .help = ".safetensors to write: out (cfg_out), or image, or latent"},
    {"taps", .kind = &kind_flag, .at = AT(taps), .commands = IN_EVAL, .group = result_group,
     .help = "also write every intermediate: embeddings, modulation vectors, the output of each block"},

    {"modulation", .kind = &kind_flag, .at = AT(modulation), .commands = IN_INSPECT, .group = result_group,
     .help =
         "tell about the weights behind scales, shifts and gates instead: moments, histograms, and whether they are "
         "at their initialisation"},
    {"growth", .value = "FILE", .kind = &kind_text, .at = AT(growth), .commands = IN_INSPECT, .group = result_group,
     .help = "draw how these histograms grew over training, from the trainer's .safetensors log; wants --plot"},
    {"plot", .value = "FILE", .kind = &kind_text, .at = AT(plot), .commands = IN_INSPECT, .group = result_group,
     .help = "with --modulation or --growth: draw the histograms into this SVG"},

    {"quick", .kind = &kind_flag, .at = AT(quick), .commands = IN_BENCH, .group = bench_group,
     .help = "the most telling rows only, in less than a minute"},
    {"full", .kind = &kind_flag, .at = AT(full), .commands = IN_BENCH, .group = bench_group,
     .help = "everything, however long it takes"},
    {"seconds", .value = "N", .kind = &kind_real, .at = AT(seconds), .min = 1, .max = 1e6, .commands = IN_BENCH,
     .group = bench_group,
     .help = "leave out what would not fit in about N seconds; 45 with --quick, 240 by default, no limit with --full"},
    {"groups", .value = "LIST", .kind = &kind_text, .at = AT(groups), .commands = IN_BENCH, .group = bench_group,
     .help = "some groups of rows: ceiling, start, kernel, forward, sampling; comma separated"},
    {"sustained", .value = "SECONDS", .without = "600", .kind = &kind_real, .at = AT(sustained), .min = 2, .max = 1e6,
     .commands = IN_BENCH, .group = bench_group,
     .help = "nothing but one model stepping for 600 seconds or as many as said: does the device slow down when hot?"},
    {"all-devices", .kind = &kind_flag, .at = AT(all_devices), .commands = IN_BENCH, .group = bench_group,
     .help = "one device after the other"},
    {"strict", .kind = &kind_flag, .at = AT(strict), .commands = IN_BENCH, .group = bench_group,
     .help = "fail when a kernel had to fall back to a slower variant"},
    {"csv", .kind = &kind_flag, .at = AT(csv), .commands = IN_BENCH, .group = bench_group,
     .help = "write comma separated values on standard output"},
    {"md", .kind = &kind_flag, .at = AT(md), .commands = IN_BENCH, .group = bench_group,
     .help = "write a Markdown table on standard output"},
    {"save", .value = "FILE", .kind = &kind_text, .at = AT(save), .commands = IN_BENCH, .group = bench_group,
     .help =
         "also write the result (JSON; SVG from \"plot\") into this file, which must not exist; with --all-devices the "
         "device's number is put before its suffix"},
    {"chart", .value = "NAME", .kind = &kind_word, .at = AT(chart), .words = "roofline bars kernels",
     .commands = IN_BENCH, .group = bench_group, .help = "what \"vkdit bench plot\" draws; roofline by default"},

    {"json", .kind = &kind_flag, .at = AT(json),
     .commands = IN_MODEL | IN_DEVICES | IN_SAMPLERS | IN_MODELS | IN_BENCH | IN_SELFTEST, .group = general_group,
     .help = "write JSON on standard output"},
    {"man", .kind = &kind_flag, .at = AT(man), .commands = IN_HELP, .group = general_group,
     .help = "print the manual page, in troff"},
    {"quiet", NULL, 'q', .kind = &kind_flag, .at = AT(quiet), .commands = IN_EVERY, .group = general_group,
     .help = "say nothing but errors"},
    {"verbose", NULL, 'v', .kind = &kind_counter, .at = AT(verbose), .commands = IN_EVERY, .group = general_group,
     .help = "say more"},
    {"color", "--colour", .value = "WHEN", .kind = &kind_choice, .at = AT(colour), .words = "auto never always",
     .commands = IN_EVERY, .group = general_group, .help = "colours on the terminal; auto honours NO_COLOR"},
    {"help", NULL, 'h', .kind = &kind_flag, .at = AT(help), .commands = IN_EVERY, .group = general_group,
     .help = "this text"},
    {"version", NULL, 'V', .kind = &kind_flag, .at = AT(version), .commands = IN_EVERY, .group = general_group,
     .help = "print the version"},
};

_Static_assert(COUNTOF(option_table) <= MAX_OPTIONS, "make MAX_OPTIONS larger");

uint32_t option_count(void)
{
    return COUNTOF(option_table);
}
