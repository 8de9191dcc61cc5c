// consumer.c — a stranger's program: uses only the installed header and library.
// Prints the version and the devices, then takes two steps of the tiny synthetic model.
#include <stdio.h>
#include <vkdit.h>

static int failed(const char *what, const vkdit_error *error)
{
    fprintf(stderr, "%s: %s: %s\n", what, vkdit_status_name(error->status), error->message);
    return 1;
}

static int steps(vkdit_model *model)
{
    vkdit_error error = {0};
    const uint32_t classes[] = {1};
    vkdit_job job = {0};
    job.classes = classes;
    job.images = 1;
    job.steps = 2;
    vkdit_run *run = NULL;
    if (vkdit_run_begin(model, &job, &run, &error)) return failed("run_begin", &error);
    int done = 0;
    while (!done)
        if (vkdit_run_step(run, NULL, NULL, &done, &error)) return failed("run_step", &error);
    vkdit_progress progress;
    vkdit_run_get_progress(run, &progress);
    printf("steps %u of %u, %u evaluations\n", progress.step, progress.steps, progress.evals);
    vkdit_run_close(run);
    return progress.step != 2;
}

int main(void)
{
    printf("vkdit %s\n", vkdit_version());
    vkdit_error error = {0};
    vkdit_options options = {0};
    char *json = NULL;
    if (vkdit_devices_json(&options, &json, &error)) return failed("devices_json", &error);
    printf("%s\n", json);
    vkdit_free(json);

    vkdit *context = NULL;
    if (vkdit_open(&options, &context, &error)) return failed("open", &error);
    printf("%s: %s\n", vkdit_device_name(context), vkdit_device_reason(context));

    vkdit_model_options what = {0};
    what.synthetic = "tiny";
    vkdit_model *model = NULL;
    if (vkdit_model_open(context, &what, &model, &error)) return failed("model_open", &error);
    const int status = steps(model);
    vkdit_model_close(model);
    vkdit_close(context);
    return status;
}
