#include "parley/emulator/model/detail/phrases.hpp"

namespace parley::emulator::detail {
namespace {

constexpr std::string_view kEnglish[] = {
    "Everything you read here was put together from templates, chosen by a seed.",
    "The same conversation gets the same answer, on every machine.",
    "Set a key for the Gemini API, and a real model takes my place without any other change.",
    "Ask me for a number of words, for Markdown, for code, or for another language."};
constexpr std::string_view kGerman[] = {
    "Alles, was du hier liest, ist aus Vorlagen zusammengesetzt, die ein Startwert auswählt.",
    "Dasselbe Gespräch bekommt überall dieselbe Antwort – auch mit Umlauten wie ä, ö, ü und ß."};
constexpr std::string_view kFrench[] = {
    "Tout ce que vous lisez ici vient de modèles de phrases, choisis par une graine.",
    "La même conversation reçoit partout la même réponse, accents compris : é, è, ç, œ."};
constexpr std::string_view kSpanish[] = {
    "Todo lo que lees aquí sale de plantillas elegidas por una semilla.",
    "La misma conversación recibe siempre la misma respuesta. ¡También con ñ y acentos!"};
constexpr std::string_view kJapanese[] = {
    "ここに書かれている文章は、すべて決まった型から選ばれています。",
    "同じ会話には、どの計算機でも同じ答えを返します。"};
constexpr std::string_view kChinese[] = {"这里的每一句话都来自模板,由种子选出。",
                                         "同样的对话在任何机器上都会得到同样的回答。"};
constexpr std::string_view kKorean[] = {"여기 있는 문장은 모두 정해진 틀에서 고른 것입니다.",
                                        "같은 대화에는 어느 컴퓨터에서나 같은 대답을 합니다."};
constexpr std::string_view kRussian[] = {
    "Всё, что вы здесь читаете, собрано из заготовок, выбранных по числу.",
    "Один и тот же разговор всегда получает один и тот же ответ."};
constexpr std::string_view kArabic[] = {"كل ما تقرأه هنا مأخوذ من قوالب جاهزة.",
                                        "المحادثة نفسها تحصل على الجواب نفسه في كل مكان."};
constexpr std::string_view kHindi[] = {"यहाँ लिखा हर वाक्य पहले से बने ढाँचों से चुना गया है।",
                                       "एक ही बातचीत को हर मशीन पर एक ही उत्तर मिलता है।"};
constexpr std::string_view kGreek[] = {"Όσα διαβάζετε εδώ προέρχονται από έτοιμες φράσεις.",
                                       "Η ίδια συνομιλία παίρνει παντού την ίδια απάντηση."};

constexpr Phrases kPhrases[] = {
    {"en", "english", "This is Parley's offline model, not a language model.", "You wrote: \"{}\".",
     "I was given {} messages of this conversation.", "Before that you wrote: \"{}\".",
     "You told me that your name is {}.", kEnglish, " "},
    {"de", "german", "Hier spricht Parleys Offline-Modell, kein Sprachmodell.",
     "Du hast geschrieben: „{}“.", "Ich habe {} Nachrichten dieses Gesprächs bekommen.",
     "Davor hast du geschrieben: „{}“.", "Du hast mir gesagt, dass du {} heißt.", kGerman, " "},
    {"fr", "french", "Ici le modèle hors ligne de Parley, et non un modèle de langue.",
     "Vous avez écrit : « {} ».", "J'ai reçu {} messages de cette conversation.",
     "Avant cela, vous aviez écrit : « {} ».", "Vous m'avez dit que vous vous appelez {}.", kFrench,
     " "},
    {"es", "spanish", "Aquí el modelo sin conexión de Parley, que no es un modelo de lenguaje.",
     "Has escrito: «{}».", "He recibido {} mensajes de esta conversación.",
     "Antes habías escrito: «{}».", "Me dijiste que te llamas {}.", kSpanish, " "},
    {"ja", "japanese", "こちらはParleyのオフラインモデルで、言語モデルではありません。",
     "あなたは「{}」と書きました。", "この会話のメッセージを{}件受け取りました。",
     "その前は「{}」でした。", "お名前は{}さんですね。", kJapanese, ""},
    {"zh", "chinese", "这是 Parley 的离线模型,不是语言模型。", "你写道:“{}”。",
     "我收到了这次对话的 {} 条消息。", "在此之前你写的是:“{}”。", "你告诉过我,你叫{}。", kChinese,
     ""},
    {"ko", "korean", "저는 Parley의 오프라인 모델이며 언어 모델이 아닙니다.",
     "이렇게 쓰셨습니다: \"{}\".", "이 대화의 메시지 {}개를 받았습니다.",
     "그 전에는 \"{}\"라고 쓰셨습니다.", "성함이 {}라고 하셨습니다.", kKorean, " "},
    {"ru", "russian", "Это автономная модель Parley, а не языковая модель.", "Вы написали: «{}».",
     "Я получила сообщений этого разговора: {}.", "До этого вы написали: «{}».",
     "Вы сказали, что вас зовут {}.", kRussian, " "},
    {"ar", "arabic", "هذا نموذج بارلي غير المتصل، وليس نموذجًا لغويًا.", "كتبت: «{}».",
     "وصلني {} من رسائل هذه المحادثة.", "وقبل ذلك كتبت: «{}».", "قلت لي إن اسمك {}.", kArabic, " "},
    {"hi", "hindi", "यह Parley का ऑफ़लाइन मॉडल है, कोई भाषा मॉडल नहीं।", "आपने लिखा: \"{}\"।",
     "मुझे इस बातचीत के {} संदेश मिले।", "उससे पहले आपने लिखा था: \"{}\"।", "आपने बताया कि आपका नाम {} है।",
     kHindi, " "},
    {"el", "greek", "Εδώ το μοντέλο εκτός σύνδεσης του Parley, όχι γλωσσικό μοντέλο.",
     "Γράψατε: «{}».", "Έλαβα {} μηνύματα αυτής της συνομιλίας.", "Πριν από αυτό γράψατε: «{}».",
     "Μου είπατε ότι σας λένε {}.", kGreek, " "},
};

constexpr std::string_view kTopic[] = {
    "When people speak about {}, they often begin with what they can see.",
    "A first look at {} hides how many small decisions lie underneath.",
    "Nobody learns {} in a day, and that is good news for the patient.",
    "There are two ways to think about {}: from the outside and from within.",
    "The history of {} is longer than most of us would guess.",
    "What matters about {} is rarely what makes the most noise.",
    "Ask three people about {} and you will hear four opinions.",
    "It helps to write down what one does not know about {}.",
    "Some of the best ideas about {} came from people who were told to stop.",
    "A careful reader of {} keeps a list of exceptions.",
    "One day {} may look as ordinary as a letter in a box.",
    "The hard part of {} is not the beginning but the middle.",
    "Small experiments teach more about {} than long speeches.",
    "In the end {} is judged by those who have to live with it.",
    "Somewhere between theory and practice, {} found its place.",
    "Seen from far away, {} is a story about time."};

constexpr CodeSample kCode[] = {
    {"c++", "cpp",
     "#include <iostream>\n\nint main() {\n  for (int i = 1; i <= 3; ++i) {\n    std::cout << "
     "\"line \" << i << '\\n';\n  "
     "}\n}\n"},
    {"python", "python",
     "def greet(names):\n    for name in names:\n        print(f\"Hello, "
     "{name}!\")\n\n\ngreet([\"Ada\", \"Grace\"])\n"},
    {"javascript", "javascript",
     "const words = ['one', 'two', 'three'];\nfor (const [index, word] of words.entries()) {\n  "
     "console.log(`${index}: "
     "${word}`);\n}\n"},
    {"rust", "rust",
     "fn main() {\n    let total: u32 = (1..=10).filter(|n| n % 2 == 0).sum();\n    "
     "println!(\"{total}\");\n}\n"},
    {"golang", "go",
     "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfor i := range 3 "
     "{\n\t\tfmt.Println(\"step\", i)\n\t}\n}\n"},
    {"html", "html", "<ul>\n  <li>one &amp; two</li>\n  <li><b>three</b></li>\n</ul>\n"},
    {"sql", "sql",
     "SELECT name, count(*) AS visits\nFROM visitor\nGROUP BY name\nHAVING count(*) > 1;\n"},
    {"bash", "bash",
     "for file in *.txt; do\n  printf '%s: %d lines\\n' \"$file\" \"$(wc -l "
     "<\"$file\")\"\ndone\n"}};

}  // namespace

std::span<const Phrases> all_phrases() {
  return kPhrases;
}
std::span<const std::string_view> topic_sentences() {
  return kTopic;
}
std::span<const CodeSample> code_samples() {
  return kCode;
}

}  // namespace parley::emulator::detail
