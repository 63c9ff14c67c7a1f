/* See demo_texts.h. */
#include "demo_texts.h"

#include <stdlib.h>
#include <string.h>

static const cli_demo_texts english = {
    .pictures = "pictures",
    .olivetti_faces = "Olivetti faces",
    .generated_faces = "generated faces",
    .no_photographs = "No photographs here, so faces are generated; 'nmf fetch olivetti' gets the "
                      "Olivetti faces.",
    .dataset = "Dataset consists of %lld %s, %lld features (%lld x %lld pixels)",
    .extracting = "Extracting the top %lld %s...",
    .eigenfaces = "eigenfaces - PCA",
    .components = "non-negative components - NMF",
    .components_kl = "non-negative components - NMF, Kullback-Leibler",
    .done = "done in %.3f s",
    .table = "\n         relative error  passes   seconds",
    .wrote = "wrote %s",
    .report_title = "Faces",
    .language = "en",
    .title = "%lld %s, %lld components",
    .titles = {"First faces", "Eigenfaces - PCA", "Non-negative components - NMF",
               "NMF, Kullback-Leibler loss"},
    .rows = {"Faces", "PCA reconstructions", "NMF reconstructions",
             "NMF reconstructions, Kullback-Leibler loss"},
};

/* Of the columns' heads each Chinese character takes two places. */
static const cli_demo_texts chinese = {
    .pictures = "张图片",
    .olivetti_faces = "张 Olivetti 人脸",
    .generated_faces = "张生成的人脸",
    .no_photographs =
        "这里没有照片，因此人脸由程序生成；运行 nmf fetch olivetti 可得到 Olivetti 人脸数据集。",
    .dataset = "数据集共有 %lld %s，%lld 个特征（%lld x %lld 像素）",
    .extracting = "正在提取前 %lld 个%s……",
    .eigenfaces = "特征脸 - PCA",
    .components = "非负分量 - NMF",
    .components_kl = "非负分量 - NMF，Kullback-Leibler 损失",
    .done = "完成，用时 %.3f 秒",
    .table = "\n               相对误差    遍数        秒",
    .wrote = "已写入 %s",
    .report_title = "人脸",
    .language = "zh",
    .title = "%lld %s，%lld 个分量",
    .titles = {"最前面的人脸", "特征脸 - PCA", "非负分量 - NMF", "NMF，Kullback-Leibler 损失"},
    .rows = {"人脸", "PCA 重建", "NMF 重建", "NMF 重建，Kullback-Leibler 损失"},
};

/* As POSIX has it: LC_ALL, else LC_MESSAGES, else LANG. */
static int environment_is_chinese(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *locale = NULL;
    for (int i = 0; i < 3 && (locale == NULL || locale[0] == '\0'); i++)
        locale = getenv(variables[i]);
    if (locale == NULL || strncmp(locale, "zh", 2) != 0) return 0;
    return strstr(locale, "UTF-8") != NULL || strstr(locale, "utf8") != NULL;
}

const cli_demo_texts *cli_demo_texts_in(int language)
{
    const int is_chinese =
        language == CLI_LANGUAGE_ZH || (language == CLI_LANGUAGE_AUTO && environment_is_chinese());
    return is_chinese ? &chinese : &english;
}
