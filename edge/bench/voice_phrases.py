"""What `motcua bench voice` says: service phrases that are in the templates, other wordings of the same, and what is neither."""

from models.intent import Intent

Said = tuple[str, Intent, dict[str, str]]

TEMPLATED: tuple[Said, ...] = (
    ("cho tôi lấy số thứ tự", Intent.TICKET, {}),
    ("lấy số ở đâu", Intent.TICKET, {}),
    ("tôi muốn lấy số", Intent.TICKET, {}),
    ("cho tôi lấy số làm khai sinh", Intent.TICKET, {"procedure": "khai-sinh"}),
    ("hồ sơ của tôi xong chưa", Intent.PROGRESS, {}),
    ("cho tôi hỏi hồ sơ đến đâu rồi", Intent.PROGRESS, {}),
    ("kiểm tra tình trạng hồ sơ", Intent.PROGRESS, {}),
    ("bao giờ có kết quả", Intent.PROGRESS, {}),
    ("tra cứu hồ sơ", Intent.PROGRESS, {}),
    ("làm giấy khai sinh cần giấy tờ gì", Intent.PAPERS, {"procedure": "khai-sinh"}),
    ("đăng ký kết hôn cần những gì", Intent.PAPERS, {"procedure": "ket-hon"}),
    ("chứng thực bản sao cần giấy tờ gì", Intent.PAPERS, {"procedure": "chung-thuc-ban-sao"}),
    ("hồ sơ khai tử gồm những gì", Intent.PAPERS, {"procedure": "khai-tu"}),
    ("làm sổ đỏ phải mang theo gì", Intent.PAPERS, {"procedure": "dang-ky-dat-dai"}),
    ("khai sinh ở quầy nào", Intent.COUNTER, {"procedure": "khai-sinh"}),
    ("cho tôi hỏi chứng thực ở đâu", Intent.COUNTER, {"procedure": "chung-thuc-ban-sao"}),
    ("quầy nào làm hộ kinh doanh", Intent.COUNTER, {"procedure": "ho-kinh-doanh"}),
    ("nộp hồ sơ đất đai ở đâu", Intent.COUNTER, {"procedure": "dang-ky-dat-dai"}),
    ("tôi muốn làm giấy phép xây dựng", Intent.PROCEDURE, {"procedure": "giay-phep-xay-dung"}),
    ("tôi cần làm giấy khai sinh", Intent.PROCEDURE, {"procedure": "khai-sinh"}),
    ("thủ tục kết hôn thế nào", Intent.PROCEDURE, {"procedure": "ket-hon"}),
    ("kiểm tra giấy tờ giúp tôi", Intent.CHECKLIST, {}),
    ("khai sinh còn thiếu giấy tờ gì", Intent.CHECKLIST, {"procedure": "khai-sinh"}),
    ("cho tôi hỏi công an phường ở đâu", Intent.DIRECTIONS, {"place": "cong-an"}),
    ("đường đến cơ quan thuế", Intent.DIRECTIONS, {"place": "thue"}),
    ("mấy giờ mở cửa", Intent.HOURS, {}),
    ("cho tôi hỏi giờ làm việc", Intent.HOURS, {}),
    ("thứ bảy có làm việc không", Intent.HOURS, {"day": "saturday"}),
    ("chủ nhật có mở cửa không", Intent.HOURS, {"day": "sunday"}),
    ("tôi muốn gặp cán bộ", Intent.PERSON, {}),
    ("gọi nhân viên giúp tôi", Intent.PERSON, {}),
    ("tôi cần người giúp", Intent.PERSON, {}),
    ("tổng đài một không hai hai", Intent.HOTLINE, {}),
    ("tôi muốn góp ý", Intent.FEEDBACK, {}),
    ("tôi muốn phản ánh", Intent.FEEDBACK, {}),
    ("nói lại giúp tôi", Intent.REPEAT, {}),
    ("tôi chưa nghe rõ", Intent.REPEAT, {}),
    ("máy làm được gì", Intent.HELP, {}),
    ("xin chào", Intent.GREETING, {}),
    ("quay lại", Intent.BACK, {}),
    ("cảm ơn bạn", Intent.THANKS, {}),
)

OTHER_WORDINGS: tuple[Said, ...] = (
    ("bác muốn lấy cái số thứ tự", Intent.TICKET, {}),
    ("cháu ơi cho bác lấy số", Intent.TICKET, {}),
    ("hồ sơ của bác làm xong chưa cháu", Intent.PROGRESS, {}),
    ("cho tôi xem hồ sơ của tôi tới đâu rồi", Intent.PROGRESS, {}),
    ("khi nào thì tôi lấy được kết quả hồ sơ", Intent.PROGRESS, {}),
    ("muốn làm khai sinh cho con thì cần giấy tờ gì", Intent.PAPERS, {"procedure": "khai-sinh"}),
    ("đi đăng ký kết hôn thì phải mang theo giấy tờ gì", Intent.PAPERS, {"procedure": "ket-hon"}),
    ("làm giấy khai sinh thì ra quầy nào ạ", Intent.COUNTER, {"procedure": "khai-sinh"}),
    ("muốn chứng thực bản sao thì nộp ở quầy nào", Intent.COUNTER, {"procedure": "chung-thuc-ban-sao"}),
    ("xem giúp tôi còn thiếu giấy tờ gì không", Intent.CHECKLIST, {}),
    ("ra công an phường thì đi đường nào", Intent.DIRECTIONS, {"place": "cong-an"}),
    ("trung tâm mình mở cửa lúc mấy giờ vậy", Intent.HOURS, {}),
    ("sáng thứ bảy có làm việc không em", Intent.HOURS, {"day": "saturday"}),
    ("cho bác gặp cán bộ với", Intent.PERSON, {}),
    ("gọi giúp tôi một nhân viên", Intent.PERSON, {}),
    ("số điện thoại của tổng đài là bao nhiêu", Intent.HOTLINE, {}),
    ("tôi muốn gửi một góp ý", Intent.FEEDBACK, {}),
    ("nói lại lần nữa giúp tôi với", Intent.REPEAT, {}),
    ("bạn có thể giúp được gì cho tôi", Intent.HELP, {}),
    ("cảm ơn bạn rất nhiều", Intent.THANKS, {}),
)

FOREIGN: tuple[str, ...] = (
    "where is the nearest train station please",
    "my brother bought a new bicycle yesterday",
    "could you tell me what the weather is like",
    "we had dinner at a small restaurant by the sea",
)

CODES = ("H29.19-261124-0012", "H29.19-261124-0047", "H29.19-261123-0105", "H29.19-261120-0368", "H29.19-261119-0921")
