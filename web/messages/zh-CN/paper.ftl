# 文书和证照上的字：无论读者选哪种语言，文书都用中文
paper-date = { $year }年{ $month }月{ $day }日
paper-date-time = { $date }{ $hour }时{ $minute }分
paper-channel-online = 网上申请
paper-channel-window = 窗口申请
paper-received-by-system = 网上办事系统
paper-received-by-window = 政务服务窗口
paper-application-form = 申请表
paper-form-electronic = 电子文件
paper-form-shared = 共享数据
paper-form-paper = 纸质
paper-supplement-requirement = 请补交符合法定形式的材料
paper-reconsideration = { $region }人民政府
paper-court = 有管辖权的人民法院
paper-pause-open = 至该程序结束
paper-delivery-electronic = 可在网上下载电子证照
paper-delivery-window = 请到政务服务窗口领取
paper-delivery-post = 以邮寄方式送达
