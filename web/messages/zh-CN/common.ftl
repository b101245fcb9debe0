### 全站共用的文字。键按组件分组，新增的键同时补 en。

## 页面框架
skip-link = 跳到主要内容
title-failed = 错误：{ $title }
crumbs-label = 当前位置
util-label = 工具
demo-data = 演示数据
size-large = 长者版
size-normal = 标准版
keys-switch-off = 关闭单键快捷键
keys-switch-on = 打开单键快捷键
lang-other = English
sign-in = 登录
sign-out = 退出
search-label = 站内搜索
search-hint = 搜事项、搜办事指南
search-button = 搜索
nav-label = 主导航
sites-label = 全省建设网站群
menu = 菜单
menu-label = 主菜单
product-office = 建通 · 政务协同
office-search-label = 全局查找
office-search-hint = 办件编号、申请单位、工程名称
office-search-button = 查找
reminders = 提醒
session-ends = 为保护信息安全，{ $minutes } 分钟内无操作将自动退出。已填写的内容会保留。
session-keep = 继续使用
loading = 正在加载…
in-brackets = （{ $text }）

## 表单
error-count = 还有 { $count } 处需要修改
error-prefix = 错误：
field-optional = （选填）
file-remove = 删除
register-report = 信息有误？申请核改
upload-progress = 上传进度
upload-percent = 已上传 { $percent }%
upload-failed = 上传中断，文件未保存，请重新上传
steps-label = 申请步骤
task-not-started = 未开始
task-in-progress = 进行中
task-done = 已完成
task-cannot-start = 暂不能填

## 红黄绿灯
light-green = 绿灯
light-yellow = 黄灯
light-red = 红灯
light-paused = 暂停计时
light-done = 已办结

## 列表
filter-apply = 筛选
filter-clear = 清空筛选
column-limit = 时限
column-matter = 事项 / 申请人
column-number = 编号
column-kind = 类别
column-step = 环节
column-region = 地区
column-received = 收到
column-action = 操作
select-page = 全选本页
select-case = 选择 { $number }
pager-previous = 上一页
pager-next = 下一页

## 办件页
deadline-label = 时限
deadline-how = 时限怎么算的
deadline-used = 承诺时限已用百分之 { $percent }
check-caption = 审查要点及结论
check-point = 要点
check-source = 依据与材料
check-result = 核验结果
check-conclusion = 结论
opinion-phrases = 常用语：
day-date = 日期
day-count = 计算
day-reason = 说明
confirmation-next = 接下来

## 日期与金额
date-long = { $year }年{ $month }月{ $day }日 { $weekday }
weekday-monday = 星期一
weekday-tuesday = 星期二
weekday-wednesday = 星期三
weekday-thursday = 星期四
weekday-friday = 星期五
weekday-saturday = 星期六
weekday-sunday = 星期日
money-wan = { $amount } 万元
money-yuan = { $amount } 元
