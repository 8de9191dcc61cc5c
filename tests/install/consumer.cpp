// consumer.cpp — the installed header seen from C++17: owns the handles with unique_ptr, fails on purpose once.
#include <iostream>
#include <memory>
#include <string>
#include <vkdit.h>

int main()
{
    std::unique_ptr<vkdit, decltype(&vkdit_close)> context(nullptr, vkdit_close);
    std::unique_ptr<vkdit_model, decltype(&vkdit_model_close)> model(nullptr, vkdit_model_close);
    vkdit_error error{};
    vkdit_options options{};
    vkdit *opened = nullptr;
    options.device = "no such device anywhere";
    if (vkdit_open(&options, &opened, &error) != VKDIT_ERR_DEVICE && error.status != VKDIT_ERR_ARGUMENT) {
        std::cerr << "a device that does not exist was opened\n";
        return 1;
    }
    std::cout << "refused as it should be: " << error.message << '\n';

    options.device = nullptr;
    error = {};
    if (vkdit_open(&options, &opened, &error)) {
        std::cerr << error.message << '\n';
        return 1;
    }
    context.reset(opened);
    vkdit_model_options what{};
    what.synthetic = "tiny";
    vkdit_model *loaded = nullptr;
    if (vkdit_model_open(context.get(), &what, &loaded, &error)) {
        std::cerr << error.message << '\n';
        return 1;
    }
    model.reset(loaded);
    vkdit_model_info info{};
    vkdit_model_get_info(model.get(), &info);
    std::cout << vkdit_version() << ", " << info.name << ", " << info.parameters << " parameters\n";
    return std::string(info.name).empty() || !info.synthetic;
}
