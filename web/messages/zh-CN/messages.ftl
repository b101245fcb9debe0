### 电子邮件与短信通知、接收方式、发送队列。

message-subject = { $what }（{ $number }）
message-short = { $what }：{ $matter }，办件编号 { $number }。
message-mail =
    { $what }

    事项：{ $matter }
    办件编号：{ $number }

    { $address }

    本邮件由系统发出，请勿回复。法定文书以办件中的为准。
message-supplement-asked = 您的申请需要补正
message-accepted = 您的申请已受理
message-not-accepted = 您的申请不予受理
message-paused = 您的办件已停止计时
message-resumed = 您的办件已恢复计时
message-extended = 您的办件已延长办理期限
message-hearing-offered = 您的办件可以要求听证
message-hearing-appointed = 您的办件已安排听证
message-statement-invited = 请您陈述、申辩
message-moved = 放假安排公布后，您的办件时限已重新计算
message-forwarded = 您的申请已通过初审，报送上级机关决定
message-commitment-checked = 您的承诺已核查，结果见告知书
message-granted = 您的申请已准予
message-refused = 您的申请未获准予
message-opened = 行政机关就您的证照立案
message-decided = 行政机关就您的证照作出了处理决定
message-closed = 行政机关就您的证照终结处理
message-ready = 您的办件证照已制成，可以领取
message-nearly-due = 在办件即将到期
message-overdue = 在办件已经到期
message-by-email = 电子邮件
message-by-sms = 短信
message-by-render = 文书打印
message-reason-refused = 对方拒收（{ $code }）
message-reason-unreachable = 无法连接服务器
message-reason-timeout = 服务器未按时应答
message-reason-answer = 服务器的应答无法识别
message-reason-unwanted = 收件人已不再接收，或没有地址
message-reason-unfit = 地址或内容不符合发送要求
detail-told = { $what } · { $how }
detail-proof = { $text }（对方回执：{ $proof }）
detail-not-told = { $message }：{ $reason }
event-message-delivered = 已发通知
event-message-failed = 通知未送出
event-message-requeued = 重新发送通知
contact-title = 通知方式
contact-why = 办件的进展始终在本站显示。如果需要，还可以通过电子邮件或短信通知您。地址和号码只有您本人可以查看和修改。
contact-silent = 本站目前不发送电子邮件和短信。您的设置会保留，开通后生效。
contact-email = 电子邮箱
contact-mobile = 手机号码
contact-wishes = 接收方式
contact-wishes-hint = 都不选，则只在本站内提醒。
contact-language = 通知所用语言
contact-zh = 中文
contact-en = 英文
contact-button = 保存
contact-email-unfit = 请填写一个电子邮箱，例如 name@example.com
contact-email-needed = 选择电子邮件接收，请填写电子邮箱
contact-email-demo = 演示环境只接受以 .invalid 结尾的邮箱
contact-mobile-unfit = 请填写 11 位的大陆手机号码
contact-mobile-needed = 选择短信接收，请填写手机号码
contact-mobile-demo = 演示环境只接受以 100 开头的 11 位号码
done-contact = 通知方式已保存
menu-messages = 发送队列
messages-silent = 没有配置邮件服务器和短信网关：所有提醒只在系统内显示。
queue-title = 等待发送
queue-empty = 没有等待的任务。
queue-organisation = 机构
queue-by = 方式
queue-waiting = 数量
queue-oldest = 最久已等待
queue-age = { $hours } 小时 { $minutes } 分钟
queue-tries = 尝试次数
dead-title = 未能送出
dead-empty = 没有未能送出的通知。
dead-case = 办件
dead-what = 通知内容
dead-reason = 原因
dead-at = 停止时间
dead-retry = 重新发送
dead-retry-of = 重新发送办件 { $number } 的通知
dead-more = 更早的
done-requeued = 通知已重新排队发送
