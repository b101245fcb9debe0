### 放假安排：年度通知的载入、预览，期限重新计算。

## 页面
calendar-page = 放假安排
calendar-intro = 期限按工作日计算。国务院办公厅每年的放假安排公布后，在这里载入；载入前，涉及该年的期限为暂定。载入后，在办办件的期限逐件重新计算，变动的记入日志并告知承办人和申请人。
calendar-years = 各年放假安排
calendar-owner = 放假安排全省一致，由{ $organisation }的系统管理员载入。
calendar-load = 载入通知
calendar-preview = 预览
calendar-year = 年份
calendar-title = 通知标题
calendar-title-hint = 例：国务院办公厅关于 2027 年部分节假日安排的通知
calendar-number = 发文字号
calendar-number-hint = 例：国办发明电〔2026〕7 号
calendar-issued = 成文日期
calendar-source = 来源
calendar-source-hint = 通知原文的网址或者刊载的公报
calendar-file = 日期文件
calendar-file-hint = CSV，最大 4 KB。第一行为 date,kind,name；每行一天，按日期先后
calendar-text = 或者粘贴日期
calendar-text-hint = 例：2027-01-01,holiday,元旦。放假为 holiday，周末上班为 workday，未列出的日子不用写
calendar-reason = 更正理由
calendar-reason-hint = 该年已有通知、日期需要更正时填写，将告知有关人员，请勿写个人信息
year-state = 状态
year-arranged = 安排
year-official = 已公布
year-provisional = 未公布，暂定
year-days = 放假 { $off } 天，周末上班 { $worked } 天
year-notice = { $number }，{ $issued }；来源：{ $source }；{ $loaded } 载入
year-reason = 更正理由：{ $reason }
year-catalog = 随系统目录提供

## 重新计算
recount-runs = 正在重新计算在办期限：已核对 { $looked } 件，在办 { $open } 件，变动 { $moved } 件。刷新本页查看进度
recount-done = 在办期限已重新计算：核对 { $looked } 件，变动 { $moved } 件
recount-failed = { $count } 件不能计算，原因见系统日志

## 预览
preview-title = { $year } 年放假安排预览
preview-intro = 载入后，{ $looked } 件在办办件中有 { $moving } 件的期限变动。现在还没有写入任何内容。
preview-correction = 该年的放假安排已经载入，本次为更正
preview-changes = 与目前日历不同的日期，共 { $count } 天
preview-days = 通知列出的日期，共 { $count } 天
preview-moves = 变动的期限，列出 { $count } 项
preview-was = 原为
preview-is = 改为
preview-festival = 节日
preview-case = 办件编号
preview-organisation = 办理机关
preview-clock = 期限
preview-button = 载入 { $year } 年放假安排
preview-back = 返回修改
day-kind-working = 工作日
day-kind-adjusted_working = 周末上班
day-kind-weekend = 周末
day-kind-holiday = 放假
done-calendar-loaded = 放假安排已载入，在办期限正在重新计算

## 暂定与变动
date-provisional = { $date }（暂定）
left-provisional = { $text }（暂定）
moved-title = 放假安排公布，期限已于 { $at } 重新计算
moved-line = { $clock }：{ $was } 改为 { $is }
moved-lights = 到期日不变，提醒日期变动
moved-why = 依据：{ $title }（{ $number }）

## 通知文件有误
calendar-wrong-too-large = 文件超过 { $max } 字节，请只保留一年的日期
calendar-wrong-year = 没有 { $year } 年的日历，请检查年份
calendar-wrong-column = 第一行缺少“{ $column }”列。请写成 date,kind,name
calendar-wrong-empty = 没有列出任何日期
calendar-wrong-too-many = 列出的日期超过 { $max } 天，请检查是否混入其他年份
calendar-wrong-cells = 第 { $line } 行的列数与第一行不一致
calendar-wrong-date = 第 { $line } 行的“{ $text }”不是日期。请写成 2027-01-01
calendar-wrong-kind = 第 { $line } 行的“{ $text }”应为 holiday 或者 workday
calendar-wrong-notice = 第 { $line } 行属于“{ $text }”年的通知，请只载入所选年份
calendar-wrong-other-year = 第 { $line } 行的 { $text } 不在所选年份之内
calendar-wrong-twice = 第 { $line } 行的 { $text } 重复
calendar-wrong-order = 第 { $line } 行的 { $text } 早于上一行。请按日期先后排列
calendar-wrong-weekday = 第 { $line } 行的 { $text } 是周一至周五，本来就上班。workday 只用于周末
calendar-wrong-name = 第 { $line } 行缺少节日名称，或者名称超过 50 个字
