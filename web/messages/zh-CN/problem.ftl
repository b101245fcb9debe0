### 出错时给人看的文字：出了什么事、保留了什么、接下来怎么做。不含内部原因。
problem-request-id = 如需帮助，请提供编号 { $id }
problem-home = 返回首页
problem-back-case = 返回办件
problem-back-draft = 返回任务列表
problem-back-work = 返回工作页面
problem-bad-request = 请求有误
problem-bad-request-hint = 浏览器发来的内容不完整或格式不对，没有任何内容被保存。请返回上一页重试。
problem-no-paper = 暂时不能出具纸质文书
problem-no-paper-hint = 本平台未配置打印字体，文书已经生效，可先查看内容或核验编号，稍后再下载。
problem-key-missing = 缺少幂等键
problem-key-missing-hint = 有改动的请求须带请求头 Idempotency-Key（8 至 64 位字母、数字或 -_.），重试时用同一个键，就不会办两次。
problem-sign-in = 请先登录
problem-sign-in-hint = 登录后将回到刚才的页面，已填写的内容会保留。
problem-forbidden = 没有权限
problem-forbidden-hint = 您当前的岗位不能进行此操作。如确需办理，请联系本单位安全管理员授权。
problem-password-change = 请先修改密码
problem-password-change-hint = 现在的密码是代为生成的。改成自己的密码之后才能办理业务。
problem-no-post = 请先选择岗位
problem-no-post-hint = 您任有多个岗位，或者今天没有有效的岗位。请先选定以哪个岗位办理，再重新请求。
problem-forged = 页面已失效
problem-forged-hint = 为防止他人冒用您的身份提交，本次提交未被接受，没有任何内容被保存。请返回上一页，刷新后重新提交。
problem-not-found = 没有找到
problem-not-found-hint = 地址可能输错，或者内容不对您开放。请核对编号后再查。
problem-method = 不支持的操作
problem-method-hint = 这个地址不接受这种请求。请从页面上的按钮进入。
problem-timeout = 接收超时
problem-timeout-hint = 网络太慢，内容没有完整送达，没有任何内容被保存。请稍后重试。
problem-conflict = 内容已被更新
problem-conflict-hint = 在您填写期间，他人已更改了同一内容。请重新打开页面核对后再提交。
problem-too-large = 内容过大
problem-too-large-hint = 提交的内容超过上限，没有被保存。请压缩或分开提交。
problem-url-too-long = 地址过长
problem-url-too-long-hint = 请从页面上的链接进入，或缩短查询条件。
problem-media-type = 文件类型不符
problem-media-type-hint = 请按要求的格式上传，例如 PDF、OFD、JPG 或 PNG。
problem-wrong-host = 地址不对
problem-wrong-host-hint = 请使用本系统公布的网址访问。
problem-unprocessable = 内容需要修改
problem-unprocessable-hint = 请按提示修改后重新提交。
problem-characters = 含有无法打印的字符
problem-characters-hint = 文字中有看不见的字符，或在不同设备上显示不一的字符，不能用于公文。请删去后重新提交。
problem-too-many = 操作过于频繁
problem-too-many-hint = 请在 { $seconds } 秒后重试。
problem-headers = 请求头过大
problem-headers-hint = 请清除本站的浏览器缓存（Cookie）后重试。
problem-fault = 系统暂时出错
problem-fault-hint = 没有保存本次操作，已有内容不受影响。请稍后重试；问题已记录。
problem-busy = 系统繁忙
problem-busy-hint = 正在办理的人较多，已提交的内容不受影响。请在 { $seconds } 秒后重试。
problem-storage-full = 存储空间不足
problem-storage-full-hint = 暂时不能保存新的内容，查询不受影响。请告知本系统的系统管理员，腾出空间后再试。

## 表单内容
input-missing = 请填写{ $label }
input-too-long = 最多 { $max } 个字
input-control = 含有不可见的控制字符，请重新输入
input-character = 含有无法打印的字符 { $character }，请删去
input-too-many = 最多 { $max } 项
input-whole-number = 请填写整数
input-range = 应在 { $min } 到 { $max } 之间
input-date = 请按 2026-11-23 的格式填写日期
input-choice = 请从列出的选项中选择
input-money = 请填写金额，最多 { $decimals } 位小数

## 上传
upload-missing = 请选择文件
upload-empty = 文件是空的
upload-too-large = 文件超过 { $limit }，请压缩后上传
upload-type = 文件内容不是允许的格式（{ $allowed }）
upload-name = 文件名不能使用，请改名后上传
upload-storage-full = 存储空间不足，文件未保存
upload-broken = 文件没有完整送达，请重新上传

## 密码
password-short = 密码至少 { $min } 个字符
password-long = 密码最多 { $max } 个字符
password-common = 这个密码太常见，容易被猜中，请换一个
